//! Trees of values, from the most precise to `*`, and their binding to the codes of one column.

use std::collections::HashMap;

use super::error::AnonymityError;

/// A tree in which every value has one path to the root.
#[derive(Debug, Clone)]
pub struct Hierarchy {
    levels: usize,
    leaves: HashMap<String, usize>,
    paths: Vec<u32>,
    names: Vec<String>,
}

impl Hierarchy {
    /// Reads one value per line, followed by its ever wider names: `Berlin;Germany;Europe`.
    ///
    /// The separator is `;` if the first line has one, else `,`; a common root `*` is added.
    ///
    /// # Errors
    /// Lines of unequal length, a value given twice, or a name with two parents.
    pub fn parse(text: &str) -> Result<Self, AnonymityError> {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let bad = |line: usize, reason| AnonymityError::BadHierarchy { line: line + 1, reason };
        let first = lines.first().ok_or(bad(0, "is missing"))?;
        let separator = if first.contains(';') { ';' } else { ',' };
        let width = first.split(separator).count();
        let mut tree =
            Self { levels: width + 1, leaves: HashMap::new(), paths: Vec::new(), names: vec!["*".to_owned()] };
        let mut nodes: HashMap<(usize, String), u32> = HashMap::new();
        let mut parents: HashMap<u32, u32> = HashMap::new();
        for (number, line) in lines.iter().enumerate() {
            let names: Vec<&str> = line.split(separator).map(str::trim).collect();
            if names.len() != width {
                return Err(bad(number, "has another number of levels than the first"));
            }
            if tree.leaves.insert(names[0].to_owned(), number).is_some() {
                return Err(bad(number, "names a value a second time"));
            }
            let start = tree.paths.len();
            for (level, name) in names.iter().enumerate() {
                let next = u32::try_from(tree.names.len()).map_err(|_| AnonymityError::TooLarge)?;
                // The root may be written out; it is the same root.
                let node = if *name == "*" { 0 } else { *nodes.entry((level, (*name).to_owned())).or_insert(next) };
                if node == next {
                    tree.names.push((*name).to_owned());
                }
                tree.paths.push(node);
            }
            tree.paths.push(0);
            for pair in tree.paths[start..].windows(2) {
                if *parents.entry(pair[0]).or_insert(pair[1]) != pair[1] {
                    return Err(bad(number, "gives a name a second parent"));
                }
            }
        }
        Ok(tree)
    }

    pub(super) fn bind(&self, labels: &[String], null: Option<u32>, column: &str) -> Result<Bound, AnonymityError> {
        let mut bound = Bound { levels: self.levels, paths: Vec::new(), names: self.names.clone(), leaves: Vec::new() };
        let null_node = u32::try_from(bound.names.len()).map_err(|_| AnonymityError::TooLarge)?;
        bound.names.push(String::new());
        for (code, label) in labels.iter().enumerate() {
            if null.is_some_and(|null| null as usize == code) {
                bound.paths.extend(std::iter::repeat_n(null_node, self.levels - 1));
                bound.paths.push(0);
                continue;
            }
            let leaf = self
                .leaves
                .get(label.as_str())
                .ok_or_else(|| AnonymityError::NotInHierarchy { column: column.to_owned() })?;
            bound.paths.extend_from_slice(&self.paths[leaf * self.levels..(leaf + 1) * self.levels]);
        }
        bound.leaves = vec![0; bound.names.len()];
        for path in self.paths.chunks_exact(self.levels) {
            for (level, node) in path.iter().enumerate() {
                // A node may stand on two levels of one path, such as a written-out root.
                bound.leaves[*node as usize] += u32::from(!path[..level].contains(node));
            }
        }
        if null.is_some() {
            bound.leaves[null_node as usize] = 1;
            bound.leaves[0] += 1;
        }
        Ok(bound)
    }
}

/// The paths of one column's codes.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) levels: usize,
    pub(super) paths: Vec<u32>,
    pub(super) names: Vec<String>,
    pub(super) leaves: Vec<u32>,
}

impl Bound {
    /// The node above `code` on `level`; level 0 is the value itself.
    pub(super) fn node(&self, code: u32, level: usize) -> u32 {
        self.paths[code as usize * self.levels + level]
    }

    /// The lowest level on which all `codes` have the same node.
    pub(super) fn meeting_level(&self, codes: &[u32]) -> usize {
        let Some((first, rest)) = codes.split_first() else { return 0 };
        let mut level = 0;
        for code in rest {
            while self.node(*code, level) != self.node(*first, level) {
                level += 1;
            }
        }
        level
    }

    /// The share of the domain that a node leaves open: 0 for a single value, 1 for the root.
    pub(super) fn width(&self, node: u32) -> f64 {
        let (open, all) = (self.leaves[node as usize], self.leaves[0]);
        if all <= 1 { 0.0 } else { f64::from(open.saturating_sub(1)) / f64::from(all - 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_meet_at_their_lowest_common_name() {
        let tree = Hierarchy::parse("Berlin;Germany;Europe\nBonn;Germany;Europe\nRome;Italy;Europe\nLima;Peru;America")
            .unwrap();
        let labels = ["Berlin", "Bonn", "Rome", "Lima"].map(str::to_owned);
        let bound = tree.bind(&labels, None, "city").unwrap();
        let name = |codes: &[u32]| bound.names[bound.node(codes[0], bound.meeting_level(codes)) as usize].as_str();
        assert_eq!([name(&[0]), name(&[0, 1]), name(&[0, 2]), name(&[0, 3])], ["Berlin", "Germany", "Europe", "*"]);
        assert_eq!(bound.width(0), 1.0);
    }

    #[test]
    fn contradictions_are_refused() {
        for text in ["", "a;b\nc", "a;b\na;b", "a;x;y\nb;x;z"] {
            assert!(matches!(Hierarchy::parse(text), Err(AnonymityError::BadHierarchy { .. })), "{text}");
        }
        let tree = Hierarchy::parse("a;b").unwrap();
        assert!(tree.bind(&["c".to_owned()], None, "x").is_err());
    }
}
