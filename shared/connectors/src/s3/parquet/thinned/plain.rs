//! Values as they are written one after the other, told apart without reading them.

use bytes::Bytes;
use parquet::basic::Type;
use parquet::schema::types::ColumnDescriptor;

/// How the values of a column lie beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Bits,
    Fixed(usize),
    /// Each with its length before it, in four bytes.
    Lengths,
}

impl Layout {
    pub(super) fn of(column: &ColumnDescriptor) -> Option<Self> {
        Some(match column.physical_type() {
            Type::BOOLEAN => Self::Bits,
            Type::INT32 | Type::FLOAT => Self::Fixed(4),
            Type::INT64 | Type::DOUBLE => Self::Fixed(8),
            Type::INT96 => Self::Fixed(12),
            Type::BYTE_ARRAY => Self::Lengths,
            Type::FIXED_LEN_BYTE_ARRAY => Self::Fixed(usize::try_from(column.type_length()).ok().filter(|it| *it > 0)?),
        })
    }
}

/// So many values; each as its own bytes, and all of them as they lie.
#[derive(Debug)]
pub(super) struct Plain {
    bytes: Bytes,
    layout: Layout,
    count: usize,
    /// Where each begins with its length, and the end of the last; none where all have the same length.
    starts: Vec<usize>,
}

impl Plain {
    /// Nothing where the bytes do not hold that many.
    pub(super) fn of(bytes: Bytes, layout: Layout, count: usize) -> Option<Self> {
        let mut starts = Vec::new();
        match layout {
            Layout::Bits if count.div_ceil(8) > bytes.len() => return None,
            Layout::Fixed(width) if count.checked_mul(width)? > bytes.len() => return None,
            Layout::Bits | Layout::Fixed(_) => {}
            Layout::Lengths => {
                starts.reserve(count.min(bytes.len() / 4) + 1);
                let mut at = 0_usize;
                for _ in 0..count {
                    starts.push(at);
                    let length = *bytes.get(at..)?.first_chunk::<4>()?;
                    at = at.checked_add(4)?.checked_add(usize::try_from(u32::from_le_bytes(length)).ok()?)?;
                }
                if at > bytes.len() {
                    return None;
                }
                starts.push(at);
            }
        }
        Some(Self { bytes, layout, count, starts })
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// One value, without its length; a truth value is one byte.
    pub(super) fn value(&self, place: usize) -> &[u8] {
        match self.layout {
            Layout::Bits => {
                if self.bytes[place / 8] >> (place % 8) & 1 == 1 {
                    &[1]
                } else {
                    &[0]
                }
            }
            Layout::Fixed(width) => &self.bytes[place * width..(place + 1) * width],
            Layout::Lengths => &self.bytes[self.starts[place] + 4..self.starts[place + 1]],
        }
    }

    /// Appends those that are kept, as they lie.
    pub(super) fn keep(&self, kept: impl Iterator<Item = std::ops::Range<usize>>, out: &mut Vec<u8>) {
        match self.layout {
            Layout::Bits => {
                for (count, place) in kept.flatten().enumerate() {
                    if count.is_multiple_of(8) {
                        out.push(0);
                    }
                    if let Some(last) = out.last_mut() {
                        *last |= self.value(place)[0] << (count % 8);
                    }
                }
            }
            Layout::Fixed(width) => {
                kept.for_each(|range| out.extend_from_slice(&self.bytes[range.start * width..range.end * width]));
            }
            Layout::Lengths => {
                kept.for_each(|range| {
                    out.extend_from_slice(&self.bytes[self.starts[range.start]..self.starts[range.end]]);
                });
            }
        }
    }
}

/// What lies between positions that go, which are in order.
pub(super) fn kept(count: usize, gone: &[usize]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let begins = std::iter::once(0).chain(gone.iter().map(|it| it + 1));
    begins.zip(gone.iter().copied().chain(std::iter::once(count))).map(|(begin, end)| begin..end)
}
