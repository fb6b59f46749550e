//! Reads a whole log once, tile by tile in constant memory, and names the first place that is broken. It reads nothing itself:
//! the caller asks what is wanted, fetches it, and gives it.

mod verdict;

use std::collections::VecDeque;

use crate::checkpoint::Checkpoint;
use crate::event::{EventView, Shapes};
use crate::hash::{Hash, many};
use crate::tile::{self, Entries, TILE_WIDTH, TileKind, TileName};
use crate::tree::Tree;

pub use verdict::{Broken, Summary};

/// The first hash of the upper levels that differs from what is below it.
#[derive(Debug, Clone, Copy)]
struct Upper {
    name: TileName,
    place: u64,
}

impl Upper {
    fn range(self, size: u64) -> Broken {
        let TileKind::Hashes { level } = self.name.kind else { return Broken::Root { size } };
        let span = 1 << (8 * u32::from(level));
        let from = (self.name.index * TILE_WIDTH + self.place) * span;
        Broken::Range { from, to: (from + span).min(size) - 1 }
    }
}

/// A pass over a log. Ask [`wants`](Self::wants), fetch, [`give`](Self::give), until nothing is wanted; then [`finish`](Self::finish).
#[derive(Debug)]
pub struct LogVerifier {
    checkpoint: Checkpoint,
    /// The last part of the origin: whose log this is.
    tenant: String,
    /// Earlier checkpoints not yet reached, the smallest first.
    remembered: VecDeque<Checkpoint>,
    /// The tree over the entries as they are.
    of_entries: Tree,
    /// The root of the tile just read, if all its entries are those hashed in it.
    tile_root: Option<Hash>,
    /// The hashes of the tile whose entries come next.
    hashes: Vec<Hash>,
    /// Forms of the entries so far.
    shapes: Shapes,
    /// What was computed for the tile of each level above the leaves, and is compared when it is complete.
    rows: Vec<Vec<Hash>>,
    /// Tiles above the leaves that are complete and to be compared.
    due: VecDeque<(TileName, Vec<Hash>)>,
    ended: bool,
    entry: Option<Broken>,
    form: Option<Broken>,
    upper: Option<Upper>,
    fork: Option<Broken>,
    first_at: Option<String>,
    last_at: Option<String>,
}

impl LogVerifier {
    /// Starts a pass under an opened checkpoint; `remembered` are opened checkpoints seen before, each of which must be a beginning of this log.
    ///
    /// # Errors
    /// A remembered checkpoint is of another log, or larger than this one: an old state is being shown.
    pub fn new(checkpoint: Checkpoint, mut remembered: Vec<Checkpoint>) -> Result<Self, Broken> {
        remembered.sort_by_key(|earlier| earlier.size);
        for earlier in &remembered {
            if earlier.origin != checkpoint.origin {
                return Err(Broken::Origin);
            }
            if earlier.size > checkpoint.size {
                return Err(Broken::Stale { shown: checkpoint.size, known: earlier.size });
            }
        }
        let mut verifier = Self {
            tenant: checkpoint.origin.rsplit('/').next().unwrap_or_default().to_owned(),
            checkpoint,
            remembered: remembered.into(),
            of_entries: Tree::default(),
            tile_root: None,
            hashes: Vec::new(),
            shapes: Shapes::default(),
            rows: Vec::new(),
            due: VecDeque::new(),
            ended: false,
            entry: None,
            form: None,
            upper: None,
            fork: None,
            first_at: None,
            last_at: None,
        };
        verifier.compare_remembered();
        Ok(verifier)
    }

    /// The tile to give next; `None` when everything was read.
    #[must_use]
    pub fn wants(&self) -> Option<TileName> {
        if let Some((name, _)) = self.due.front() {
            return Some(*name);
        }
        let index = self.of_entries.size() / TILE_WIDTH;
        if self.ended {
            None
        } else if self.hashes.is_empty() {
            TileName::of_hashes(0, index, self.checkpoint.size)
        } else {
            TileName::of_entries(index, self.checkpoint.size)
        }
    }

    /// Takes the tile that was wanted, or `None` if there is no such file. Nothing is wanted any more after a fault that ends the pass.
    pub fn give(&mut self, bytes: Option<&[u8]>) {
        let Some(name) = self.wants() else { return };
        if let Some((_, computed)) = self.due.pop_front() {
            let stored = bytes.and_then(|bytes| tile::hashes_of(bytes, name.width).ok()).unwrap_or_default();
            let difference = (0..computed.len()).find(|place| stored.get(*place) != computed.get(*place));
            if let Some(place) = difference {
                self.upper.get_or_insert(Upper { name, place: place as u64 });
            }
            return;
        }
        match (name.kind, bytes) {
            (_, None) => self.end(Broken::Missing { name }),
            (TileKind::Hashes { .. }, Some(bytes)) => match tile::hashes_of(bytes, name.width) {
                Ok(hashes) => self.hashes = hashes,
                Err(_) => self.end(Broken::Tile { name }),
            },
            (TileKind::Entries, Some(bytes)) => self.read_entries(name, bytes),
        }
    }

    /// The verdict, once nothing is wanted any more.
    ///
    /// # Errors
    /// Something is broken; the first place is named.
    pub fn finish(self) -> Result<Summary, Broken> {
        let is_signed =
            self.of_entries.size() == self.checkpoint.size && self.of_entries.root() == self.checkpoint.root;
        if !is_signed {
            if let Some(entry) = self.entry {
                return Err(entry);
            }
            return Err(self
                .upper
                .map_or(Broken::Root { size: self.checkpoint.size }, |upper| upper.range(self.checkpoint.size)));
        }
        let broken = match (self.entry, self.upper) {
            (Some(Broken::Entry { index }), _) => {
                let name = TileName::of_hashes(0, index / TILE_WIDTH, self.checkpoint.size);
                name.map(|name| Broken::Tile { name })
            }
            (Some(other), _) => Some(other),
            (None, Some(Upper { name, .. })) => Some(Broken::Tile { name }),
            (None, None) => None,
        };
        if let Some(broken) = broken.or(self.fork).or(self.form) {
            return Err(broken);
        }
        Ok(Summary {
            origin: self.checkpoint.origin,
            size: self.checkpoint.size,
            root: self.checkpoint.root,
            first_at: self.first_at,
            last_at: self.last_at,
        })
    }

    fn end(&mut self, broken: Broken) {
        self.entry.get_or_insert(broken);
        self.ended = true;
        self.due.clear();
    }

    fn read_entries(&mut self, name: TileName, bundle: &[u8]) {
        let from = name.index * TILE_WIDTH;
        let expected = std::mem::take(&mut self.hashes);
        let mut rest = Entries::of(bundle);
        let entries: Vec<&[u8]> = rest.by_ref().take(expected.len()).map_while(Result::ok).collect();
        // Read first: it goes through the bytes in order and so brings them near, before hashing jumps between entries.
        (from..).zip(&entries).for_each(|(index, entry)| self.read_entry(entry, index));
        let hashes = many::of_leaves(&entries);
        let different = hashes.iter().zip(&expected).position(|(hash, expected)| hash != expected);
        if let Some(place) = different {
            self.entry.get_or_insert(Broken::Entry { index: from + place as u64 });
        }
        self.push_all(&hashes);
        let read = from + entries.len() as u64;
        if read < from + name.width {
            self.end(Broken::Entry { index: read });
        } else if rest.next().is_some() {
            self.end(Broken::Extra { name });
        } else {
            self.complete_tile(&expected);
        }
    }

    /// Adds the leaves of a bundle to the tree; hash by hash where it is partial or a checkpoint seen before ends within it.
    fn push_all(&mut self, hashes: &[Hash]) {
        let end = self.of_entries.size() + TILE_WIDTH;
        let is_met = self.remembered.front().is_some_and(|earlier| earlier.size < end);
        if hashes.len() as u64 == TILE_WIDTH
            && !is_met
            && let Some(root) = many::root_of(hashes)
        {
            self.of_entries.push_tile(root);
            self.tile_root = Some(root);
            return self.compare_remembered();
        }
        for hash in hashes {
            self.tile_root = self.of_entries.push(*hash);
            self.compare_remembered();
        }
    }

    fn read_entry(&mut self, entry: &[u8], index: u64) {
        match self.shapes.read(entry) {
            Ok(view) if view.is_of(&self.tenant) => self.note_time(view, index),
            Ok(_) => drop(self.form.get_or_insert(Broken::Foreign { index })),
            Err(_) => drop(self.form.get_or_insert(Broken::Form { index })),
        }
    }

    fn note_time(&mut self, view: EventView<'_>, index: u64) {
        if self.first_at.is_none() {
            self.first_at = Some(view.at().to_owned());
        }
        if index + 1 == self.checkpoint.size {
            self.last_at = Some(view.at().to_owned());
        }
    }

    fn compare_remembered(&mut self) {
        while let Some(earlier) = self.remembered.pop_front_if(|earlier| earlier.size == self.of_entries.size()) {
            if earlier.root != self.of_entries.root() {
                self.fork.get_or_insert(Broken::Fork { size: earlier.size });
            }
        }
    }

    /// Carries the root of a complete tile up, and lists the tiles above that are complete now, or that are the last.
    fn complete_tile(&mut self, hashes: &[Hash]) {
        let mut root = match self.tile_root {
            Some(root) if self.entry.is_none() => Some(root),
            Some(_) | None if hashes.len() as u64 == TILE_WIDTH => many::root_of(hashes),
            Some(_) | None => None,
        };
        let mut level = 0_u8;
        while let Some(hash) = root.take() {
            level += 1;
            let row = usize::from(level) - 1;
            if self.rows.len() <= row {
                self.rows.resize(row + 1, Vec::new());
            }
            self.rows[row].push(hash);
            if self.rows[row].len() as u64 == TILE_WIDTH {
                let full = std::mem::take(&mut self.rows[row]);
                root = many::root_of(&full);
                self.want_upper(level, full);
            }
        }
        if self.of_entries.size() == self.checkpoint.size {
            self.ended = true;
            for (row, hashes) in std::mem::take(&mut self.rows).into_iter().enumerate() {
                if !hashes.is_empty() {
                    self.want_upper(u8::try_from(row + 1).unwrap_or(u8::MAX), hashes);
                }
            }
        }
    }

    fn want_upper(&mut self, level: u8, hashes: Vec<Hash>) {
        let done = self.of_entries.size() >> (8 * u32::from(level));
        let name = TileName::of_hashes(level, (done - 1) / TILE_WIDTH, self.checkpoint.size);
        self.due.extend(name.map(|name| (name, hashes)));
    }
}
