//! How values of columns are written, and which of them fit back.

use super::*;

#[test]
fn numbers_and_times_are_written_as_people_read_them() {
    let text = |datum: Datum| String::from_utf8(datum.to_json()).unwrap();
    assert_eq!(text((-1_234_i32).datum(Meaning::Decimal { scale: 2 })), "-12.34");
    assert_eq!(text(5_i64.datum(Meaning::Decimal { scale: 3 })), "0.005");
    assert_eq!(text(ByteArray::from(vec![0xff, 0x85]).datum(Meaning::Decimal { scale: 0 })), "-123");
    assert_eq!(text((-1_i64).datum(Meaning::Unsigned)), "18446744073709551615");
    assert_eq!(text(20_513_i32.datum(Meaning::Date)), "\"2026-03-01\"");
    let utc = Meaning::Timestamp { unit: 1000, is_utc: true };
    assert_eq!(text(1_500_000_i64.datum(utc)), "\"1970-01-01T00:00:01.5Z\"");
    let local = Meaning::Timestamp { unit: 1_000_000, is_utc: false };
    assert_eq!(text(1000_i64.datum(local)), "\"1970-01-01T00:00:01\"");
    assert_eq!(text(3_600_000_i32.datum(Meaning::Time { unit: 1_000_000 })), "\"01:00:00\"");
    assert_eq!(text(Int96::blank(0).datum(Meaning::Plain)), "\"1970-01-01T00:00:00\"");
    assert_eq!(text(f64::NAN.datum(Meaning::Plain)), "\"NaN\"");
    let id = FixedLenByteArray::from((0..16).collect::<Vec<u8>>()).datum(Meaning::Uuid);
    assert_eq!(text(id), "\"00010203-0405-0607-0809-0a0b0c0d0e0f\"");
}

#[test]
fn what_does_not_fit_a_column_is_not_put_there() {
    let redacted = Datum::Text("[REDACTED]".to_owned());
    assert_eq!(i64::fitting(&redacted, Meaning::Plain, 0), None);
    assert_eq!(ByteArray::fitting(&redacted, Meaning::Text, 0).unwrap().data(), b"[REDACTED]");
    assert_eq!(FixedLenByteArray::fitting(&redacted, Meaning::Uuid, 16), None);
    assert_eq!(i32::fitting(&Datum::Number("7".to_owned()), Meaning::Plain, 0), Some(7));
}
