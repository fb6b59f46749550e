//! An object too long for a line of an archive: piece by piece beside it, in constant memory, each sealed, under lock and read back.
//!
//! Whoever is killed between two pieces finds the ones before them again: what lies there and holds the same stays.

use domain::datum::Datum;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::chunk::digest;
use super::lines::Writing;
use super::{SweepRetention, Unit};
use crate::ports::{Content, ExpiredRow, PortError, PortErrorKind};
use crate::sealing::{Place, SealingKey, sha256};

/// The most of one object that is archived: what a slice can surely write and read back.
const MOST_BYTES: u64 = 5 << 30;

/// A piece as it lies beside its archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Piece {
    /// Its name.
    name: String,
    /// Its length, sealed.
    bytes: u64,
    /// SHA-256 of these bytes.
    sha256: String,
}

/// The pieces of an archive.
pub(super) type Pieces = Vec<Piece>;

/// What became of an object that is archived.
pub(super) enum Pieced {
    /// What its line says, and the pieces that it speaks of.
    Held(Vec<u8>, Pieces),
    /// It is another by now, gone, or longer than what is archived.
    Lost,
    /// The slice was over before it was done.
    Late,
}

impl SweepRetention {
    /// Archives an object of which the first piece was read.
    pub(super) async fn pieced(
        &self,
        unit: &Unit<'_>,
        writing: &Writing<'_>,
        (row, key): (&ExpiredRow, Option<&SealingKey>),
        first: Content,
    ) -> Result<Pieced, PortError> {
        let of = first.of;
        if of > MOST_BYTES {
            return Ok(Pieced::Lost);
        }
        let name = digest(writing.secrets, row);
        let name = name.get(..16).unwrap_or(&name);
        let (mut whole, mut at, mut written) = (Sha256::new(), 0, Pieces::new());
        let mut next = first;
        loop {
            let name = format!("{}.{name}.{:04}", writing.base, written.len());
            whole.update(&next.bytes);
            at += next.bytes.len() as u64;
            written.push(self.piece(unit, writing, (name, key), next.bytes).await?);
            if at >= of {
                break;
            }
            if self.clock.now() >= writing.ends_at {
                return Ok(Pieced::Late);
            }
            let Some(read) = self.source.content(writing.order, row, at).await? else { return Ok(Pieced::Lost) };
            if read.bytes.is_empty() || read.of != of {
                return Err(PortError::new(PortErrorKind::Corrupt, "read an object piece by piece"));
            }
            next = read;
        }
        let text = |text: String| Datum::Text(text);
        let line = [
            ("object", row.row.clone()),
            ("bytes", Datum::Number(of.to_string())),
            ("sha256", text(whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect())),
            ("pieces", Datum::List(written.iter().map(|piece| text(piece.name.clone())).collect())),
        ];
        let line = Datum::Map(line.map(|(name, value)| (name.to_owned(), value)).into());
        Ok(Pieced::Held(line.to_json(), written))
    }

    /// Writes one piece and reads it back, unless it is there.
    async fn piece(
        &self,
        unit: &Unit<'_>,
        writing: &Writing<'_>,
        (name, key): (String, Option<&SealingKey>),
        plain: Vec<u8>,
    ) -> Result<Piece, PortError> {
        let place = Place::object(unit.tenant.as_str(), &name);
        if let Some(stored) = self.evidence.read(&name).await? {
            let is_same = match key {
                Some(key) => key.open_bytes(&place, &stored.bytes).is_ok_and(|opened| *opened == *plain),
                None => stored.bytes == plain,
            };
            if is_same {
                let (bytes, sha256) = (stored.bytes.len() as u64, sha256(&stored.bytes));
                return Ok(Piece { name, bytes, sha256 });
            }
        }
        let stored = match key {
            Some(key) => key.seal_bytes(&place, &plain, self.entropy.as_ref()),
            None => plain,
        };
        let (bytes, sha256) = (stored.len() as u64, sha256(&stored));
        self.put(&name, stored, writing.keep_until).await?;
        self.verify(&name, &sha256).await?;
        Ok(Piece { name, bytes, sha256 })
    }
}
