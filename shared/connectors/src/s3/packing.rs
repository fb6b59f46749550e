//! How objects of rows are packed, as their keys say, and both ways of it as the bytes arrive.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use zstd::stream::write::Encoder as ZstdEncoder;

use super::broken::What;
use super::gunzip::Gunzip;
use super::unzstd::Unzstd;

/// How hard zstd packs; the level an object was packed with is not written in it.
const ZSTD_LEVEL: i32 = 3;

/// How an object is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Packing {
    /// Not at all.
    #[default]
    Plain,
    /// `.gz`
    Gzip,
    /// `.zst` or `.zstd`
    Zstd,
}

impl Packing {
    /// By the extension of a key.
    pub(super) fn of(key: &str) -> Self {
        let Some(extension) = std::path::Path::new(key).extension() else { return Self::Plain };
        if extension.eq_ignore_ascii_case("gz") {
            Self::Gzip
        } else if extension.eq_ignore_ascii_case("zst") || extension.eq_ignore_ascii_case("zstd") {
            Self::Zstd
        } else {
            Self::Plain
        }
    }

    pub(super) fn is_packed(self) -> bool {
        self != Self::Plain
    }

    /// What unpacks it, if it is packed.
    pub(super) fn unpacker(self) -> Option<Unpacker> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some(Unpacker::Gzip(Box::new(Gunzip::new()))),
            Self::Zstd => Some(Unpacker::Zstd(Box::new(Unzstd::new()))),
        }
    }

    /// What packs it.
    pub(super) fn packer(self) -> Packer {
        let encoder = match self {
            Self::Plain => Encoder::Plain(Vec::new()),
            Self::Gzip => Encoder::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::default()))),
            Self::Zstd => Encoder::Zstd(Box::new(zstd_encoder())),
        };
        Packer { encoder, stage: Vec::new() }
    }
}

fn zstd_encoder() -> ZstdEncoder<'static, Vec<u8>> {
    let mut encoder = ZstdEncoder::new(Vec::new(), ZSTD_LEVEL).expect("the level is one that zstd has");
    encoder.include_checksum(true).expect("every frame may have a checksum");
    encoder
}

/// Unpacks one object.
pub(super) enum Unpacker {
    Gzip(Box<Gunzip>),
    Zstd(Box<Unzstd>),
}

impl Unpacker {
    /// Whether packed bytes must be put before more can be unpacked.
    pub(super) const fn is_hungry(&self) -> bool {
        match self {
            Self::Gzip(it) => it.is_hungry(),
            Self::Zstd(it) => it.is_hungry(),
        }
    }

    /// Where packed bytes are put.
    pub(super) fn packed(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Gzip(it) => it.packed(),
            Self::Zstd(it) => it.packed(),
        }
    }

    /// Unpacks the next few bytes.
    pub(super) fn step(&mut self, out: &mut Vec<u8>) -> Result<(), What> {
        match self {
            Self::Gzip(it) => it.step(out).map_err(|_| What::NotGzip),
            Self::Zstd(it) => it.step(out).map_err(|_| What::NotZstd),
        }
    }

    /// Ends the object; one that was cut off is refused.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), What> {
        match self {
            Self::Gzip(it) => it.finish(out).map_err(|_| What::NotGzip),
            Self::Zstd(it) => it.finish().map_err(|_| What::NotZstd),
        }
    }
}

/// Bytes that are packed at once: a call for each record would cost as much as the packing.
const STAGE_BYTES: usize = 64 << 10;

/// Packs one object into memory.
pub(super) struct Packer {
    encoder: Encoder,
    stage: Vec<u8>,
}

enum Encoder {
    Plain(Vec<u8>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Zstd(Box<ZstdEncoder<'static, Vec<u8>>>),
}

impl Packer {
    pub(super) fn put(&mut self, bytes: &[u8]) {
        if let Encoder::Plain(out) = &mut self.encoder {
            out.extend_from_slice(bytes);
        } else if self.stage.is_empty() && bytes.len() >= STAGE_BYTES {
            self.encoder.put(bytes);
        } else {
            self.stage.extend_from_slice(bytes);
            if self.stage.len() >= STAGE_BYTES {
                self.encoder.put(&self.stage);
                self.stage.clear();
            }
        }
    }

    /// Bytes packed and not taken yet.
    pub(super) fn packed(&self) -> usize {
        match &self.encoder {
            Encoder::Plain(out) => out.len(),
            Encoder::Gzip(encoder) => encoder.get_ref().len(),
            Encoder::Zstd(encoder) => encoder.get_ref().len(),
        }
    }

    /// Takes what was packed.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(match &mut self.encoder {
            Encoder::Plain(out) => out,
            Encoder::Gzip(encoder) => encoder.get_mut(),
            Encoder::Zstd(encoder) => encoder.get_mut(),
        })
    }

    /// Ends the object; what it ends with can then be taken.
    pub(super) fn finish(mut self) -> Self {
        self.encoder.put(&self.stage);
        let encoder = Encoder::Plain(match self.encoder {
            Encoder::Plain(out) => out,
            Encoder::Gzip(encoder) => encoder.finish().expect("a vector takes every byte"),
            Encoder::Zstd(encoder) => encoder.finish().expect("a vector takes every byte"),
        });
        Self { encoder, stage: Vec::new() }
    }
}

impl Encoder {
    fn put(&mut self, bytes: &[u8]) {
        match self {
            Self::Plain(out) => out.extend_from_slice(bytes),
            Self::Gzip(encoder) => encoder.write_all(bytes).expect("a vector takes every byte"),
            Self::Zstd(encoder) => encoder.write_all(bytes).expect("a vector takes every byte"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_how_its_object_is_packed() {
        let of = ["a.ndjson", "a.csv.gz", "a.GZ", "a.ndjson.zst", "a.zstd", "gz", "a.gz/b"].map(Packing::of);
        let (plain, gzip, zstd) = (Packing::Plain, Packing::Gzip, Packing::Zstd);
        assert_eq!(of, [plain, gzip, gzip, zstd, zstd, plain, plain]);
    }
}
