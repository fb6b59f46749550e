//! CSV (RFC 4180) to coded columns in one pass; fields that nobody wants are only counted.

use super::column::{Column, ColumnBuilder, Kind};
use super::error::AnonymityError;

/// A column to read, by its name in the header.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The name in the header.
    pub name: String,
    /// How its values are widened.
    pub kind: Kind,
}

/// Reads the wanted columns in the order of the wish; an empty field without quotes is null.
///
/// # Errors
/// A column that is not there or there twice, records of unequal length, an open quote, a value that its kind does not allow.
pub fn read_columns(csv: &[u8], wanted: &[Wanted]) -> Result<Vec<Column>, AnonymityError> {
    let csv = csv.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(csv);
    let mut scanner = Scanner { rest: csv, record: 0, unquoted: Vec::new() };
    let mut builders: Vec<ColumnBuilder> = wanted.iter().map(|column| ColumnBuilder::new(&column.name)).collect();
    let places = read_header(&mut scanner, wanted)?;
    while !scanner.rest.is_empty() {
        scanner.record += 1;
        read_record(&mut scanner, &places, &mut builders)?;
    }
    builders.into_iter().zip(wanted).map(|(builder, column)| builder.finish(&column.kind)).collect()
}

/// For each field of the header the wish it fulfils.
fn read_header(scanner: &mut Scanner<'_>, wanted: &[Wanted]) -> Result<Vec<Option<usize>>, AnonymityError> {
    if scanner.rest.is_empty() {
        return Err(AnonymityError::Empty);
    }
    let twice = |name: &str| AnonymityError::ColumnTwice { column: name.to_owned() };
    for (index, column) in wanted.iter().enumerate() {
        if wanted[..index].iter().any(|other| other.name == column.name) {
            return Err(twice(&column.name));
        }
    }
    let mut places: Vec<Option<usize>> = Vec::new();
    loop {
        let (field, _, ends) = scanner.field()?;
        let place = wanted.iter().position(|column| column.name.as_bytes() == field);
        if let Some(place) = place.filter(|place| places.contains(&Some(*place))) {
            return Err(twice(&wanted[place].name));
        }
        places.push(place);
        if ends {
            break;
        }
    }
    for (index, column) in wanted.iter().enumerate() {
        if !places.contains(&Some(index)) {
            return Err(AnonymityError::NoSuchColumn { column: column.name.clone() });
        }
    }
    Ok(places)
}

fn read_record(
    scanner: &mut Scanner<'_>,
    places: &[Option<usize>],
    builders: &mut [ColumnBuilder],
) -> Result<(), AnonymityError> {
    let mut fields = 0;
    loop {
        let (field, quoted, ends) = scanner.field()?;
        if fields == 0 && ends && field.is_empty() && !quoted && places.len() > 1 {
            // An empty line is no record.
            return Ok(());
        }
        if let Some(Some(place)) = places.get(fields) {
            builders[*place].push((quoted || !field.is_empty()).then_some(field))?;
        }
        fields += 1;
        if ends {
            break;
        }
    }
    if fields == places.len() {
        return Ok(());
    }
    Err(AnonymityError::UnequalRecord { record: scanner.record, fields, expected: places.len() })
}

struct Scanner<'a> {
    rest: &'a [u8],
    record: usize,
    unquoted: Vec<u8>,
}

impl Scanner<'_> {
    /// The next field, whether it was quoted, and whether its record ends with it.
    #[inline]
    fn field(&mut self) -> Result<(&[u8], bool, bool), AnonymityError> {
        let rest = self.rest;
        if rest.first() == Some(&b'"') {
            return self.quoted_field();
        }
        let end = field_end(rest);
        let field = &rest[..end];
        let ends = rest.get(end) != Some(&b',');
        self.rest = rest.get(end + 1..).unwrap_or_default();
        let field = if ends { field.strip_suffix(b"\r").unwrap_or(field) } else { field };
        Ok((field, false, ends))
    }

    fn quoted_field(&mut self) -> Result<(&[u8], bool, bool), AnonymityError> {
        let open = AnonymityError::BrokenQuote { record: self.record };
        self.unquoted.clear();
        let mut rest = &self.rest[1..];
        loop {
            let Some(end) = memchr::memchr(b'"', rest) else { return Err(open) };
            self.unquoted.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.first() {
                Some(b'"') => {
                    self.unquoted.push(b'"');
                    rest = &rest[1..];
                }
                Some(_) | None => break,
            }
        }
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        let ends = match rest.first() {
            Some(b',') => false,
            Some(b'\n') | None => true,
            Some(_) => return Err(open),
        };
        self.rest = rest.get(1..).unwrap_or_default();
        Ok((&self.unquoted, true, ends))
    }
}

/// Where the field ends; most fields are shorter than what a vector search costs to start.
#[inline]
fn field_end(rest: &[u8]) -> usize {
    let (words, _) = rest[..rest.len().min(32)].as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zero_bytes(word ^ (EACH_BYTE * 0x2C)) | zero_bytes(word ^ (EACH_BYTE * 0x0A));
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let near = words.len() * 8;
    memchr::memchr2(b',', b'\n', &rest[near..]).map_or(rest.len(), |end| near + end)
}

const EACH_BYTE: u64 = 0x0101_0101_0101_0101;

/// The upper bit of the first byte that is zero, and maybe of some above it (Mycroft 1987).
#[inline]
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(EACH_BYTE) & !word & (EACH_BYTE << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(names: &[&str]) -> Vec<Wanted> {
        names.iter().map(|name| Wanted { name: (*name).to_owned(), kind: Kind::Categorical }).collect()
    }

    fn texts(csv: &str, name: &str) -> Vec<String> {
        let columns = read_columns(csv.as_bytes(), &wanted(&[name])).unwrap();
        (0..columns[0].rows()).map(|row| columns[0].text(row).unwrap().to_owned()).collect()
    }

    #[test]
    fn quotes_line_ends_and_empty_lines_are_read_as_rfc_4180_says() {
        let csv = "\u{FEFF}a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n\r\n2,\r\n3,last";
        assert_eq!(texts(csv, "b"), ["x, \"y\"\nz", "", "last"]);
        assert_eq!(texts(csv, "a"), ["1", "2", "3"]);
        assert_eq!(texts("a\n1\n\n2\n", "a"), ["1", "", "2"]);
    }

    #[test]
    fn broken_input_is_named() {
        let error = |csv: &[u8], names: &[&str]| read_columns(csv, &wanted(names)).unwrap_err();
        assert_eq!(error(b"", &["a"]), AnonymityError::Empty);
        assert_eq!(error(b"a\n1", &["b"]), AnonymityError::NoSuchColumn { column: "b".to_owned() });
        assert_eq!(error(b"a,a\n1,2", &["a"]), AnonymityError::ColumnTwice { column: "a".to_owned() });
        assert_eq!(error(b"a\n1", &["a", "a"]), AnonymityError::ColumnTwice { column: "a".to_owned() });
        assert_eq!(error(b"a,b\n1", &["a"]), AnonymityError::UnequalRecord { record: 1, fields: 1, expected: 2 });
        assert_eq!(error(b"a\n\"1", &["a"]), AnonymityError::BrokenQuote { record: 1 });
        assert_eq!(error(b"a\n\"1\"x", &["a"]), AnonymityError::BrokenQuote { record: 1 });
        assert_eq!(error(b"a\n\xFF", &["a"]), AnonymityError::NotUtf8 { column: "a".to_owned() });
    }
}
