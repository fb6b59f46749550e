//! One column as codes: numbers in their order, categories by first appearance, each text stored once.

use super::dictionary::{Dictionary, Key};
use super::error::AnonymityError;
use super::hierarchy::{Bound, Hierarchy};

/// How the values of a column are widened.
#[derive(Debug, Clone)]
pub enum Kind {
    /// To ranges.
    Numeric,
    /// To sets of values.
    Categorical,
    /// To names of a hierarchy.
    Tree(Hierarchy),
}

/// A column whose equal values have equal codes.
#[derive(Debug, Clone)]
pub struct Column {
    pub(super) name: String,
    pub(super) labels: Vec<String>,
    /// For numbers: where each stands between the lowest (0) and the highest (1).
    pub(super) numbers: Option<Vec<f64>>,
    pub(super) tree: Option<Bound>,
    pub(super) codes: Vec<u32>,
}

impl Column {
    /// Reads texts; `None` is null and stays a value of its own.
    ///
    /// # Errors
    /// A value that the kind does not allow.
    #[expect(single_use_lifetimes, reason = "lifetimes in `impl Trait` have to be named")]
    pub fn of<'a>(
        name: &str,
        kind: &Kind,
        texts: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Result<Self, AnonymityError> {
        let mut builder = ColumnBuilder::new(name);
        for text in texts {
            builder.push(text.map(str::as_bytes))?;
        }
        builder.finish(kind)
    }

    /// The name in the header.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.codes.len()
    }

    /// The text of a row; null is empty.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        self.codes.get(row).map(|code| self.labels[*code as usize].as_str())
    }

    /// How many different values it has.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.labels.len()
    }

    /// The share of the domain between two numbers, by their codes.
    pub(super) fn range_width(&self, low: u32, high: u32) -> f64 {
        self.numbers.as_ref().map_or(0.0, |numbers| numbers[high as usize] - numbers[low as usize])
    }

    /// The share of the domain in a set of `distinct` values.
    pub(super) fn set_width(&self, distinct: usize) -> f64 {
        let domain = self.labels.len();
        if domain <= 1 { 0.0 } else { (distinct.saturating_sub(1)) as f64 / (domain - 1) as f64 }
    }
}

/// Collects one column, row by row.
#[derive(Debug)]
pub struct ColumnBuilder {
    name: String,
    known: Dictionary,
    codes: Vec<u32>,
    /// Short texts whose codes are still to be looked for.
    waiting: Vec<Key>,
}

/// How many short texts wait for each other.
const WAITING: usize = 256;

impl ColumnBuilder {
    /// An empty column.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), known: Dictionary::new(), codes: Vec::new(), waiting: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// More than 4 billion different values.
    #[inline]
    pub fn push(&mut self, text: Option<&[u8]>) -> Result<(), AnonymityError> {
        let code = match text {
            Some(text) => {
                let key = Key::of(text);
                if key.is_short() && self.known.is_far() {
                    self.waiting.push(key);
                    return if self.waiting.len() < WAITING { Ok(()) } else { self.look_up_waiting() };
                }
                self.look_up_waiting()?;
                self.known.code_of(text, key)?
            }
            None => {
                self.look_up_waiting()?;
                self.known.code_of_null()?
            }
        };
        self.codes.push(code);
        Ok(())
    }

    fn look_up_waiting(&mut self) -> Result<(), AnonymityError> {
        if self.waiting.is_empty() { Ok(()) } else { self.known.codes_of_short(&mut self.waiting, &mut self.codes) }
    }

    /// Ends the column and reads its values as its kind says.
    ///
    /// # Errors
    /// A value that is no UTF-8, no finite number where one is due, or not in the hierarchy.
    pub fn finish(mut self, kind: &Kind) -> Result<Column, AnonymityError> {
        self.look_up_waiting()?;
        let not_utf8 = |_| AnonymityError::NotUtf8 { column: self.name.clone() };
        let null = self.known.null();
        let labels = self.known.texts().map(|label| str::from_utf8(label).map(str::to_owned).map_err(not_utf8));
        let labels: Vec<String> = labels.collect::<Result<_, _>>()?;
        let mut column = Column { name: self.name, labels, numbers: None, tree: None, codes: self.codes };
        match kind {
            Kind::Numeric => order_numbers(&mut column, null)?,
            Kind::Categorical => {}
            Kind::Tree(tree) => column.tree = Some(tree.bind(&column.labels, null, &column.name)?),
        }
        Ok(column)
    }
}

/// Gives the numbers codes in their order; equal numbers written differently become one, null comes first.
fn order_numbers(column: &mut Column, null: Option<u32>) -> Result<(), AnonymityError> {
    let not_a_number = || AnonymityError::NotANumber { column: column.name.clone() };
    let mut order: Vec<(f64, usize)> = Vec::with_capacity(column.labels.len());
    for (code, label) in column.labels.iter().enumerate() {
        if null.is_some_and(|null| null as usize == code) {
            order.push((f64::NEG_INFINITY, code));
            continue;
        }
        let number: f64 = label.trim().parse().map_err(|_| not_a_number())?;
        if !number.is_finite() {
            return Err(not_a_number());
        }
        // Adding zero makes -0 the same as 0.
        order.push((number + 0.0, code));
    }
    order.sort_by(|(left, a), (right, b)| left.total_cmp(right).then(a.cmp(b)));
    let lowest = order.iter().map(|(number, _)| *number).find(|number| number.is_finite()).unwrap_or(0.0);
    let mut renamed = vec![0_u32; order.len()];
    let (mut numbers, mut labels) = (Vec::new(), Vec::new());
    let mut last = None;
    for (number, code) in order {
        if last != Some(number) {
            numbers.push(number.max(lowest));
            labels.push(std::mem::take(&mut column.labels[code]));
            last = Some(number);
        }
        renamed[code] = u32::try_from(numbers.len() - 1).map_err(|_| AnonymityError::TooLarge)?;
    }
    for code in &mut column.codes {
        *code = renamed[*code as usize];
    }
    column.labels = labels;
    // Halves keep the difference of two very large numbers finite.
    let (low, high) = (numbers.first().map_or(0.0, |low| low / 2.0), numbers.last().map_or(0.0, |high| high / 2.0));
    let share = |number: &f64| if high > low { (number / 2.0 - low) / (high - low) } else { 0.0 };
    column.numbers = Some(numbers.iter().map(share).collect());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_coded_in_order_and_null_comes_first() {
        let texts = [Some("10"), None, Some("9"), Some("9.0"), Some("-0"), Some("0")];
        let column = Column::of("age", &Kind::Numeric, texts).unwrap();
        assert_eq!(column.codes, [3, 0, 2, 2, 1, 1]);
        assert_eq!(column.text(1), Some(""));
    }

    #[test]
    fn what_is_no_finite_number_is_refused() {
        for text in ["NaN", "inf", "1e999", "", "twelve"] {
            let refused = Column::of("age", &Kind::Numeric, [Some("1"), Some(text)]).unwrap_err();
            assert_eq!(refused, AnonymityError::NotANumber { column: "age".to_owned() }, "{text}");
        }
    }

    #[test]
    fn null_is_not_the_empty_text() {
        let column = Column::of("x", &Kind::Categorical, [None, Some(""), None, Some("")]).unwrap();
        assert_eq!(column.codes, [0, 1, 0, 1]);
    }
}
