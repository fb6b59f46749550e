//! The right edge of a tiled log: what a sealer must know to append, and the tiles that appending makes. It stores nothing itself.

use crate::hash::Hash;
use crate::tile::{self, TILE_WIDTH, TileError, TileKind, TileName};
use crate::tree::Tree;

/// The partial tiles of a log, one per level, and its last bundle of entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edge {
    tree: Tree,
    /// `levels[l]` holds the hashes of the partial tile at level l, fewer than 256.
    levels: Vec<Vec<Hash>>,
    /// The partial bundle.
    bundle: Vec<u8>,
}

/// A tile to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTile {
    /// Its name.
    pub name: TileName,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Edge {
    /// The partial tiles that must be read to append to a log of this size; the bundle of entries comes last.
    #[must_use]
    pub fn names(size: u64) -> Vec<TileName> {
        let levels = (0..8_u8).filter_map(|level| {
            let hashes = size >> (8 * u32::from(level));
            let partial = hashes % TILE_WIDTH;
            (partial > 0).then_some(TileName {
                kind: TileKind::Hashes { level },
                index: hashes / TILE_WIDTH,
                width: partial,
            })
        });
        let partial = size % TILE_WIDTH;
        let bundle =
            (partial > 0).then_some(TileName { kind: TileKind::Entries, index: size / TILE_WIDTH, width: partial });
        levels.chain(bundle).collect()
    }

    /// The edge of a log from the tiles of [`Edge::names`], in that order. Compare its root with the checkpoint's before use.
    ///
    /// # Errors
    /// A tile is missing or has another width.
    pub fn from_tiles(size: u64, tiles: Vec<Vec<u8>>) -> Result<Self, TileError> {
        let names = Self::names(size);
        if names.len() != tiles.len() {
            return Err(TileError::Width);
        }
        let mut edge = Self::default();
        for (name, bytes) in names.iter().zip(tiles) {
            match name.kind {
                TileKind::Hashes { level } => {
                    edge.levels.resize(usize::from(level) + 1, Vec::new());
                    edge.levels[usize::from(level)] = tile::hashes_of(&bytes, name.width)?;
                }
                TileKind::Entries => edge.bundle = bytes,
            }
        }
        edge.tree = edge.tree_of(size).ok_or(TileError::Width)?;
        edge.check_bundle(size)?;
        Ok(edge)
    }

    fn tree_of(&self, size: u64) -> Option<Tree> {
        let peaks: Vec<Hash> = self.levels.iter().rev().flat_map(|hashes| peaks_of(hashes)).collect();
        Tree::from_peaks(size, &peaks)
    }

    /// The entries must be those of the level 0 tile: else the next partial bundle would carry a change on.
    fn check_bundle(&self, size: u64) -> Result<(), TileError> {
        let leaves = self.levels.first().filter(|_| !size.is_multiple_of(TILE_WIDTH)).map_or(&[][..], Vec::as_slice);
        let entries: Result<Vec<Hash>, TileError> =
            tile::Entries::of(&self.bundle).map(|entry| entry.map(Hash::of_leaf)).collect();
        if entries? == leaves { Ok(()) } else { Err(TileError::Entries) }
    }

    /// The tree so far.
    #[must_use]
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Appends leaves; answers the tiles to be stored, the full ones first; those that did not change are left out.
    ///
    /// # Errors
    /// A leaf is longer than 65,535 bytes; nothing of this edge may be used then.
    pub fn append<L: AsRef<[u8]>>(&mut self, leaves: impl IntoIterator<Item = L>) -> Result<Vec<NewTile>, TileError> {
        let before = self.tree.size();
        let mut tiles = Vec::new();
        for leaf in leaves {
            let leaf = leaf.as_ref();
            tile::append_entry(&mut self.bundle, leaf)?;
            let hash = Hash::of_leaf(leaf);
            let root = self.tree.push(hash);
            if root.is_some() {
                let index = self.tree.size() / TILE_WIDTH - 1;
                let name = TileName { kind: TileKind::Entries, index, width: TILE_WIDTH };
                tiles.push(NewTile { name, bytes: std::mem::take(&mut self.bundle) });
            }
            self.push(0, hash, root, &mut tiles);
        }
        if self.tree.size() > before {
            let known = Self::names(before);
            tiles.extend(self.partial_tiles().into_iter().filter(|tile| !known.contains(&tile.name)));
        }
        Ok(tiles)
    }

    /// Adds a hash to a level; `root` is that of the tile it completes, if it is known already.
    fn push(&mut self, level: u8, hash: Hash, root: Option<Hash>, tiles: &mut Vec<NewTile>) {
        let place = usize::from(level);
        if self.levels.len() <= place {
            self.levels.resize(place + 1, Vec::new());
        }
        self.levels[place].push(hash);
        if self.levels[place].len() as u64 == TILE_WIDTH {
            let hashes = std::mem::take(&mut self.levels[place]);
            // 256 hashes have one peak: the root of the tile.
            let above = root.unwrap_or_else(|| peaks_of(&hashes)[0]);
            let index = (self.tree.size() >> (8 * u32::from(level))) / TILE_WIDTH - 1;
            let name = TileName { kind: TileKind::Hashes { level }, index, width: TILE_WIDTH };
            tiles.push(NewTile { name, bytes: tile::bytes_of(&hashes) });
            self.push(level + 1, above, None, tiles);
        }
    }

    fn partial_tiles(&self) -> Vec<NewTile> {
        let bytes = |name: &TileName| match name.kind {
            TileKind::Hashes { level } => tile::bytes_of(&self.levels[usize::from(level)]),
            TileKind::Entries => self.bundle.clone(),
        };
        Self::names(self.tree.size()).into_iter().map(|name| NewTile { bytes: bytes(&name), name }).collect()
    }
}

/// The roots of the complete subtrees over a row of hashes, the largest first.
fn peaks_of(hashes: &[Hash]) -> Vec<Hash> {
    let mut rest = hashes;
    let mut peaks = Vec::new();
    while !rest.is_empty() {
        let (subtree, after) = rest.split_at(1 << rest.len().ilog2());
        let mut row = subtree.to_vec();
        while row.len() > 1 {
            row = row.chunks(2).map(|pair| Hash::of_children(&pair[0], &pair[1])).collect();
        }
        peaks.push(row[0]);
        rest = after;
    }
    peaks
}
