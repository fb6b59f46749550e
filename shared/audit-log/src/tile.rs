//! Tiles and entry bundles of C2SP tlog-tiles: their paths, their bytes, and proofs read from them. Where they lie is the caller's.

use std::fmt;

use crate::hash::Hash;
use crate::proof::Nodes;

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// A leaf has at most this many bytes: its length is a u16.
pub const LEAF_LIMIT: usize = 65_535;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of subtrees of 256^level leaves.
    Hashes {
        /// The level, from 0.
        level: u8,
    },
    /// The leaves themselves.
    Entries,
}

/// The name of one stored tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileName {
    /// What it holds.
    pub kind: TileKind,
    /// Which one, from 0.
    pub index: u64,
    /// How many hashes or entries, 1 to 256; fewer than 256 make it partial.
    pub width: u64,
}

impl TileName {
    /// The tile of hashes at a level and index, as wide as a tree of this size makes it; `None` if it is empty.
    #[must_use]
    pub fn of_hashes(level: u8, index: u64, size: u64) -> Option<Self> {
        let width = width_in(size.checked_shr(u32::from(level) * 8).unwrap_or(0), index)?;
        Some(Self { kind: TileKind::Hashes { level }, index, width })
    }

    /// The bundle of entries at an index, as wide as a tree of this size makes it; `None` if it is empty.
    #[must_use]
    pub fn of_entries(index: u64, size: u64) -> Option<Self> {
        Some(Self { kind: TileKind::Entries, index, width: width_in(size, index)? })
    }

    /// Whether it will be replaced by a wider one.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.width < TILE_WIDTH
    }
}

/// Every file of the tree of this size, entries beside their hashes, the levels above at the end.
pub fn all_names(size: u64) -> impl Iterator<Item = TileName> {
    let leaves = (0..size.div_ceil(TILE_WIDTH)).flat_map(move |index| {
        [TileName::of_hashes(0, index, size), TileName::of_entries(index, size)].into_iter().flatten()
    });
    let above = (1..8_u8).flat_map(move |level| {
        let hashes = size >> (8 * u32::from(level));
        (0..hashes.div_ceil(TILE_WIDTH)).filter_map(move |index| TileName::of_hashes(level, index, size))
    });
    leaves.chain(above)
}

fn width_in(hashes: u64, index: u64) -> Option<u64> {
    let before = index.checked_mul(TILE_WIDTH)?;
    match hashes.checked_sub(before) {
        None | Some(0) => None,
        Some(rest) => Some(rest.min(TILE_WIDTH)),
    }
}

impl fmt::Display for TileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "tile/{level}/")?,
            TileKind::Entries => write!(f, "tile/entries/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (place, group) in groups.iter().enumerate().rev() {
            if place > 0 { write!(f, "x{group:03}/")? } else { write!(f, "{group:03}")? }
        }
        if self.is_partial() { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// Why bytes are not the tile they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// A tile of hashes has another length.
    #[error("the tile is not as long as its name says")]
    Width,
    /// A bundle ends within an entry, or holds more or fewer than it should.
    #[error("the bundle does not hold the entries its name says")]
    Entries,
    /// An entry doesn't fit its length field.
    #[error("an entry is longer than 65,535 bytes")]
    TooLong,
}

/// Reads the hashes of a tile.
///
/// # Errors
/// The tile has another width.
pub fn hashes_of(bytes: &[u8], width: u64) -> Result<Vec<Hash>, TileError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() || hashes.len() as u64 != width {
        return Err(TileError::Width);
    }
    Ok(hashes.iter().map(|hash| Hash(*hash)).collect())
}

/// Writes hashes as a tile.
#[must_use]
pub fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Appends an entry to a bundle.
///
/// # Errors
/// The entry is longer than 65,535 bytes.
pub fn append_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), TileError> {
    let length = u16::try_from(entry.len()).map_err(|_| TileError::TooLong)?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The entries of a bundle, in order; one that is cut short is the last, an error.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    /// Reads a bundle.
    #[must_use]
    pub const fn of(bundle: &'a [u8]) -> Self {
        Self { rest: bundle }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<&'a [u8], TileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let read = self
            .rest
            .split_first_chunk::<2>()
            .and_then(|(length, rest)| rest.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let Some((entry, rest)) = read else {
            self.rest = &[];
            return Some(Err(TileError::Entries));
        };
        self.rest = rest;
        Some(Ok(entry))
    }
}

/// Reads nodes out of the tiles of a tree of one size; `read` fetches a tile of hashes by its name.
#[derive(Debug)]
pub struct TileNodes<R> {
    size: u64,
    read: R,
}

impl<R, E> TileNodes<R>
where
    R: Fn(&TileName) -> Result<Vec<Hash>, E>,
{
    /// Nodes of the tree of `size` leaves.
    pub const fn new(size: u64, read: R) -> Self {
        Self { size, read }
    }
}

/// Why a node can't be had from tiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeError<E> {
    /// The tree has no such node, or its tile is too short.
    #[error("the tiles hold no such node")]
    Missing,
    /// The tile can't be read.
    #[error("a tile can't be read")]
    Read(E),
}

impl<R, E> Nodes for TileNodes<R>
where
    R: Fn(&TileName) -> Result<Vec<Hash>, E>,
{
    type Error = NodeError<E>;

    fn node(&self, level: u8, index: u64) -> Result<Hash, NodeError<E>> {
        let (tile_level, height) = (level / 8, level % 8);
        let first = index << height;
        let name = TileName::of_hashes(tile_level, first / TILE_WIDTH, self.size).ok_or(NodeError::Missing)?;
        let hashes = (self.read)(&name).map_err(NodeError::Read)?;
        let from = usize::try_from(first % TILE_WIDTH).map_err(|_| NodeError::Missing)?;
        let mut nodes = hashes.get(from..from + (1 << height)).ok_or(NodeError::Missing)?.to_vec();
        while nodes.len() > 1 {
            nodes = nodes.chunks(2).map(|pair| Hash::of_children(&pair[0], &pair[1])).collect();
        }
        Ok(nodes[0])
    }
}
