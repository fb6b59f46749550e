//! What is published of a value: a range, a set, a name of the hierarchy, or nothing.

use super::column::Column;

/// A widened value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Span {
    /// Numbers from one code to another, both included.
    Range(u32, u32),
    /// Exactly the codes of these bits, in a column of few values: such spans are many.
    Few(u64),
    /// Exactly these codes, ascending.
    Set(Vec<u32>),
    /// A node of the hierarchy.
    Node(u32),
    /// Nothing is said.
    All,
}

impl Span {
    /// The narrowest span over some codes in any order; nothing is said of none.
    #[expect(clippy::cast_possible_truncation, reason = "codes are of 32 bits")]
    pub(super) fn of_all(column: &Column, codes: impl Iterator<Item = usize> + Clone) -> Self {
        let Some(first) = codes.clone().next() else { return Self::All };
        if column.numbers.is_some() {
            let (low, high) = codes.fold((first, first), |(low, high), code| (low.min(code), high.max(code)));
            return Self::Range(low as u32, high as u32);
        }
        if column.tree.is_none() && has_few_values(column) {
            return Self::Few(codes.fold(0, |bits, code| bits | 1 << code));
        }
        let mut all: Vec<u32> = codes.map(|code| code as u32).collect();
        all.sort_unstable();
        all.dedup();
        match &column.tree {
            Some(tree) => Self::Node(tree.node(all[0], tree.meeting_level(&all))),
            None => Self::Set(all),
        }
    }

    /// Whether the span is true of a value.
    pub(super) fn covers(&self, column: &Column, code: u32) -> bool {
        match self {
            Self::All => true,
            Self::Range(low, high) => (*low..=*high).contains(&code),
            Self::Few(bits) => bits.checked_shr(code).is_some_and(|bits| bits & 1 == 1),
            Self::Set(codes) => codes.binary_search(&code).is_ok(),
            Self::Node(node) => {
                column.tree.as_ref().is_some_and(|tree| (0..tree.levels).any(|level| tree.node(code, level) == *node))
            }
        }
    }

    /// The share of the domain left open: 0 is the value itself, 1 is nothing said.
    pub(super) fn width(&self, column: &Column) -> f64 {
        match self {
            Self::All => 1.0,
            Self::Range(low, high) => column.range_width(*low, *high),
            Self::Few(bits) => column.set_width(bits.count_ones() as usize),
            Self::Set(codes) => column.set_width(codes.len()),
            Self::Node(node) => column.tree.as_ref().map_or(1.0, |tree| tree.width(*node)),
        }
    }

    /// The text that is published: `39`, `30..39`, `{a|b}`, a name, or `*`.
    pub(super) fn text(&self, column: &Column) -> String {
        let label = |code: &u32| column.labels[*code as usize].as_str();
        match self {
            Self::All => "*".to_owned(),
            Self::Range(low, high) if low == high => label(low).to_owned(),
            Self::Range(low, high) => format!("{}..{}", label(low), label(high)),
            Self::Few(bits) => {
                let codes: Vec<u32> = (0..u64::BITS).filter(|code| bits >> code & 1 == 1).collect();
                text_of_set(column, &codes)
            }
            Self::Set(codes) => text_of_set(column, codes),
            Self::Node(node) => {
                column.tree.as_ref().map_or_else(|| "*".to_owned(), |tree| tree.names[*node as usize].clone())
            }
        }
    }
}

/// Whether a word has a bit for each value of the column.
pub(super) fn has_few_values(column: &Column) -> bool {
    column.labels.len() <= u64::BITS as usize
}

fn text_of_set(column: &Column, codes: &[u32]) -> String {
    let label = |code: &u32| column.labels[*code as usize].as_str();
    match codes {
        [one] => label(one).to_owned(),
        all if all.len() == column.labels.len() => "*".to_owned(),
        some => format!("{{{}}}", some.iter().map(label).collect::<Vec<_>>().join("|")),
    }
}
