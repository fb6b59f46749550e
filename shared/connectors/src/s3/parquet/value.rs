//! Values of Parquet columns as values of rows, and back where a rewritten one still fits its column.

use datamap::DataType;
use domain::datum::{Datum, is_json_number};
use jiff::{SignedDuration, Timestamp, civil};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::schema::types::ColumnDescriptor;

use crate::wanted::Wanted;

const JULIAN_DAY_OF_EPOCH: i64 = 2_440_588;
const NANOSECONDS_A_DAY: i128 = 86_400_000_000_000;

/// What the values of a column mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// As they are stored.
    Plain,
    Unsigned,
    Text,
    Uuid,
    Decimal {
        scale: usize,
    },
    Date,
    /// Nanoseconds that one unit has.
    Time {
        unit: i128,
    },
    Timestamp {
        unit: i128,
        is_utc: bool,
    },
}

impl Meaning {
    /// By the annotations of the column; bytes without any are text where the data map says so.
    pub(super) fn of(column: &ColumnDescriptor, declared: Option<DataType>) -> Self {
        let is_text = declared == Some(DataType::String);
        column.logical_type_ref().and_then(Self::of_logical).unwrap_or_else(|| match column.converted_type() {
            ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Self::Text,
            ConvertedType::DECIMAL => Self::decimal(column.type_scale()),
            ConvertedType::DATE => Self::Date,
            ConvertedType::TIME_MILLIS => Self::Time { unit: 1_000_000 },
            ConvertedType::TIME_MICROS => Self::Time { unit: 1000 },
            ConvertedType::TIMESTAMP_MILLIS => Self::Timestamp { unit: 1_000_000, is_utc: true },
            ConvertedType::TIMESTAMP_MICROS => Self::Timestamp { unit: 1000, is_utc: true },
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
                Self::Unsigned
            }
            ConvertedType::NONE if is_text => Self::Text,
            ConvertedType::NONE | ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE | ConvertedType::LIST => {
                Self::Plain
            }
            ConvertedType::INT_8 | ConvertedType::INT_16 | ConvertedType::INT_32 | ConvertedType::INT_64 => Self::Plain,
            ConvertedType::BSON | ConvertedType::INTERVAL => Self::Plain,
        })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum of the parquet crate is open")]
    fn of_logical(logical: &LogicalType) -> Option<Self> {
        let unit = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => 1_000_000,
            TimeUnit::MICROS => 1000,
            TimeUnit::NANOS => 1,
        };
        Some(match logical {
            LogicalType::String | LogicalType::Enum | LogicalType::Json => Self::Text,
            LogicalType::Decimal(it) => Self::decimal(it.scale),
            LogicalType::Date => Self::Date,
            LogicalType::Time(it) => Self::Time { unit: unit(&it.unit) },
            LogicalType::Timestamp(it) => Self::Timestamp { unit: unit(&it.unit), is_utc: it.is_adjusted_to_u_t_c },
            LogicalType::Integer(it) if !it.is_signed => Self::Unsigned,
            LogicalType::Uuid => Self::Uuid,
            _ => return None,
        })
    }

    fn decimal(scale: i32) -> Self {
        Self::Decimal { scale: usize::try_from(scale).unwrap_or(0) }
    }

    fn of_integer(self, value: i64) -> Datum {
        match self {
            Self::Decimal { scale } => Datum::Number(decimal(i128::from(value), scale)),
            Self::Date => date(value).map_or_else(|| number(value), Datum::Text),
            Self::Time { unit } => Datum::Text(time(i128::from(value) * unit)),
            Self::Timestamp { unit, is_utc } => {
                instant(i128::from(value) * unit, is_utc).map_or_else(|| number(value), Datum::Text)
            }
            Self::Plain | Self::Unsigned | Self::Text | Self::Uuid => number(value),
        }
    }

    pub(super) fn of_bytes(self, bytes: &[u8]) -> Datum {
        match self {
            Self::Text => match std::str::from_utf8(bytes) {
                Ok(text) => Datum::Text(text.to_owned()),
                Err(_) => Datum::Bytes(bytes.to_vec()),
            },
            Self::Decimal { scale } if bytes.len() <= 16 => {
                let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
                let value = bytes.iter().fold(sign, |value: i128, byte| (value << 8) | i128::from(*byte));
                Datum::Number(decimal(value, scale))
            }
            Self::Uuid if bytes.len() == 16 => Datum::Text(uuid(bytes)),
            Self::Plain | Self::Unsigned | Self::Uuid | Self::Decimal { .. } => Datum::Bytes(bytes.to_vec()),
            Self::Date | Self::Time { .. } | Self::Timestamp { .. } => Datum::Bytes(bytes.to_vec()),
        }
    }
}

/// A value of one of the physical types.
pub(super) trait Value: Clone {
    /// As a value of a row.
    fn datum(&self, meaning: Meaning) -> Datum;

    /// Whether it is one of those looked for.
    fn is_wanted(&self, meaning: Meaning, wanted: &Wanted) -> bool {
        wanted.has(&self.datum(meaning))
    }

    /// A rewritten value, where a column of this type can hold it.
    fn fitting(after: &Datum, meaning: Meaning, length: usize) -> Option<Self>;

    /// What stands where a value went from a column that must have one.
    fn blank(length: usize) -> Self;
}

macro_rules! numeric {
    ($type:ty, $blank:expr, |$value:ident, $meaning:ident| $datum:expr) => {
        impl Value for $type {
            fn datum(&self, $meaning: Meaning) -> Datum {
                let $value = *self;
                $datum
            }

            fn fitting(after: &Datum, meaning: Meaning, _length: usize) -> Option<Self> {
                if meaning != Meaning::Plain {
                    return None;
                }
                match after {
                    Datum::Number(digits) => digits.parse().ok(),
                    Datum::Bool(truth) => truth.to_string().parse().ok(),
                    Datum::Null | Datum::Text(_) | Datum::Bytes(_) | Datum::List(_) | Datum::Map(_) => None,
                }
            }

            fn blank(_length: usize) -> Self {
                $blank
            }
        }
    };
}

numeric!(bool, false, |value, _meaning| Datum::Bool(value));
numeric!(i32, 0, |value, meaning| if meaning == Meaning::Unsigned {
    number(value.cast_unsigned())
} else {
    meaning.of_integer(i64::from(value))
});
numeric!(i64, 0, |value, meaning| if meaning == Meaning::Unsigned {
    number(value.cast_unsigned())
} else {
    meaning.of_integer(value)
});
numeric!(f32, 0.0, |value, _meaning| float(value.to_string()));
numeric!(f64, 0.0, |value, _meaning| float(value.to_string()));

impl Value for Int96 {
    fn datum(&self, _meaning: Meaning) -> Datum {
        let [low, high, day] = self.data() else { return Datum::Null };
        let nanoseconds = (i128::from(*high) << 32) | i128::from(*low);
        let days = i128::from(i64::from(*day) - JULIAN_DAY_OF_EPOCH);
        instant(days * NANOSECONDS_A_DAY + nanoseconds, false).map_or(Datum::Null, Datum::Text)
    }

    fn fitting(_after: &Datum, _meaning: Meaning, _length: usize) -> Option<Self> {
        None
    }

    fn blank(_length: usize) -> Self {
        let mut epoch = Self::new();
        epoch.set_data(0, 0, u32::try_from(JULIAN_DAY_OF_EPOCH).unwrap_or_default());
        epoch
    }
}

impl Value for ByteArray {
    fn datum(&self, meaning: Meaning) -> Datum {
        meaning.of_bytes(self.data())
    }

    fn is_wanted(&self, meaning: Meaning, wanted: &Wanted) -> bool {
        is_wanted_bytes(self.data(), meaning, wanted)
    }

    fn fitting(after: &Datum, meaning: Meaning, _length: usize) -> Option<Self> {
        match after {
            Datum::Text(text) if matches!(meaning, Meaning::Text | Meaning::Plain) => Some(Self::from(text.as_str())),
            Datum::Bytes(bytes) => Some(Self::from(bytes.as_slice())),
            Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) => None,
            Datum::List(_) | Datum::Map(_) => None,
        }
    }

    fn blank(_length: usize) -> Self {
        Self::from(Vec::new())
    }
}

impl Value for FixedLenByteArray {
    fn datum(&self, meaning: Meaning) -> Datum {
        meaning.of_bytes(self.data())
    }

    fn fitting(after: &Datum, _meaning: Meaning, length: usize) -> Option<Self> {
        match after {
            Datum::Bytes(bytes) if bytes.len() == length => Some(bytes.clone().into()),
            Datum::Bytes(_) | Datum::Null | Datum::Bool(_) | Datum::Number(_) | Datum::Text(_) => None,
            Datum::List(_) | Datum::Map(_) => None,
        }
    }

    fn blank(length: usize) -> Self {
        vec![0; length].into()
    }
}

/// Whether the value that these bytes are is one of those looked for.
pub(super) fn is_wanted_bytes(bytes: &[u8], meaning: Meaning, wanted: &Wanted) -> bool {
    match (meaning, std::str::from_utf8(bytes)) {
        (Meaning::Text, Ok(text)) => wanted.has_exact_text(text),
        _ => wanted.has(&meaning.of_bytes(bytes)),
    }
}

fn number<N: std::fmt::Display + Copy>(value: N) -> Datum {
    Datum::Number(value.to_string())
}

/// What is no number in JSON is a text.
fn float(text: String) -> Datum {
    if is_json_number(&text) { Datum::Number(text) } else { Datum::Text(text) }
}

fn decimal(value: i128, scale: usize) -> String {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale.min(64) + 1);
    let (whole, part) = digits.split_at(digits.len() - scale.min(64));
    let sign = if value < 0 { "-" } else { "" };
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

fn date(days: i64) -> Option<String> {
    let epoch = civil::date(1970, 1, 1);
    let after = SignedDuration::from_secs(days.checked_mul(86_400)?);
    Some(epoch.checked_add(after).ok()?.to_string())
}

fn time(nanoseconds: i128) -> String {
    let (seconds, part) = (nanoseconds.div_euclid(1_000_000_000), nanoseconds.rem_euclid(1_000_000_000));
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if part == 0 { clock } else { format!("{clock}.{part:09}").trim_end_matches('0').to_owned() }
}

fn instant(nanoseconds: i128, is_utc: bool) -> Option<String> {
    let text = Timestamp::from_nanosecond(nanoseconds).ok()?.to_string();
    Some(if is_utc { text } else { text.trim_end_matches('Z').to_owned() })
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests;
