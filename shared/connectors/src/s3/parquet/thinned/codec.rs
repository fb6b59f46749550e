//! Pages packed with the codec of their chunk; its state is made once for all of them.

use std::io::Write as _;

use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result};

/// How hard zstd packs: as hard as the crate does, which writes all other pages.
const ZSTD_LEVEL: i32 = 1;

/// Packs one page after the other.
pub(super) enum Codec {
    Plain,
    Snappy(Box<snap::raw::Encoder>),
    Gzip,
    Zstd(Box<zstd::bulk::Compressor<'static>>),
}

impl Codec {
    /// Nothing for a codec that is not known here.
    pub(super) fn of(compression: Compression) -> Option<Self> {
        match compression {
            Compression::UNCOMPRESSED => Some(Self::Plain),
            Compression::SNAPPY => Some(Self::Snappy(Box::new(snap::raw::Encoder::new()))),
            Compression::GZIP(_) => Some(Self::Gzip),
            Compression::ZSTD(_) => zstd::bulk::Compressor::new(ZSTD_LEVEL).ok().map(|it| Self::Zstd(Box::new(it))),
            Compression::LZO | Compression::BROTLI(_) | Compression::LZ4 | Compression::LZ4_RAW => None,
        }
    }

    /// The packed bytes; nothing where bytes are not packed at all.
    pub(super) fn packed(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        let failed = |error: &dyn std::error::Error| ParquetError::General(error.to_string());
        match self {
            Self::Plain => Ok(None),
            Self::Snappy(encoder) => encoder.compress_vec(bytes).map(Some).map_err(|error| failed(&error)),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(bytes)?;
                Ok(Some(encoder.finish()?))
            }
            Self::Zstd(encoder) => Ok(Some(encoder.compress(bytes)?)),
        }
    }
}
