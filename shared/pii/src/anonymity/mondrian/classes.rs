//! The classes that came out, what is said of each, and the checks before they are released.

use crate::anonymity::cells::{Cells, Field, Histograms};
use crate::anonymity::column::Column;
use crate::anonymity::diversity::Whole;
use crate::anonymity::error::AnonymityError;
use crate::anonymity::loss;
use crate::anonymity::policy::Policy;
use crate::anonymity::release::{REMOVED, Release, Report};
use crate::anonymity::span::Span;
use crate::anonymity::verify;

/// The classes so far.
#[derive(Debug, Default)]
pub(super) struct Classes {
    /// Per column the span of each class.
    spans: Vec<Vec<Span>>,
    /// Cells and their class.
    members: Vec<(u32, u32)>,
    sizes: Vec<usize>,
    suppressed: Vec<u32>,
}

impl Classes {
    /// Ends a class of these cells, given with their words.
    pub(super) fn close(&mut self, (cells, words): (&[u32], &[u64]), fields: &[Field], rows: u64, quasi: &[Column]) {
        let class = u32::try_from(self.sizes.len()).expect("there are no more classes than rows, which were counted");
        self.spans.resize_with(quasi.len(), Vec::new);
        let stride = (words.len() / cells.len().max(1)).max(1);
        for ((column, field), spans) in quasi.iter().zip(fields).zip(&mut self.spans) {
            spans.push(Span::of_all(column, words.chunks_exact(stride).map(|cell| field.of(cell))));
        }
        self.members.extend(cells.iter().map(|cell| (*cell, class)));
        self.sizes.push(usize::try_from(rows).expect("rows were counted in memory"));
    }

    /// Takes cells out of all classes.
    pub(super) fn suppress(&mut self, cells: &[u32]) {
        self.suppressed.extend_from_slice(cells);
    }

    /// Publishes the classes, if the published texts keep what the policy asks for.
    pub(super) fn release(
        mut self,
        cells: &Cells,
        quasi: &[Column],
        sensitive: &[Column],
        policy: &Policy,
    ) -> Result<Release, AnonymityError> {
        let rows = cells.of_row.len();
        let suppressed: usize = self.suppressed.iter().map(|cell| cells.weights[*cell as usize] as usize).sum();
        let mut class_of_cell = vec![REMOVED; cells.weights.len()];
        for (cell, class) in &self.members {
            class_of_cell[*cell as usize] = *class;
        }
        let stays = suppressed >= policy.k && self.suppressed_fulfil(cells, sensitive, policy);
        if suppressed > 0 && stays {
            let class = u32::try_from(self.sizes.len()).map_err(|_| AnonymityError::TooLarge)?;
            for cell in &self.suppressed {
                class_of_cell[*cell as usize] = class;
            }
            for spans in &mut self.spans {
                spans.push(Span::All);
            }
            self.sizes.push(suppressed);
        }
        let class_of_row: Vec<u32> = cells.of_row.iter().map(|cell| class_of_cell[*cell as usize]).collect();
        let (texts, text_of_class): (Vec<_>, Vec<_>) =
            quasi.iter().zip(&self.spans).map(|(column, spans)| verify::texts(column, spans)).unzip();
        verify::check_truth(quasi, &self.spans, &class_of_row)?;
        let privacy = verify::measure_texts(&text_of_class, &class_of_row, sensitive)?;
        verify::check_promise(policy, &privacy)?;
        let report = Report {
            information_loss: loss::certainty_penalty(quasi, &self.spans, &self.sizes, rows),
            discernibility: loss::discernibility(&self.sizes, rows),
            suppressed,
            removed: rows - privacy.rows,
            privacy,
        };
        Ok(Release { class_of_row, texts, text_of_class, report })
    }

    /// Whether the suppressed rows may stand together as one class about which nothing is said.
    fn suppressed_fulfil(&self, cells: &Cells, sensitive: &[Column], policy: &Policy) -> bool {
        let mut is_out = vec![1_u32; cells.weights.len()];
        for cell in &self.suppressed {
            is_out[*cell as usize] = 0;
        }
        let of_row: Vec<u32> = cells.of_row.iter().map(|cell| is_out[*cell as usize]).collect();
        sensitive.iter().all(|column| {
            let histogram = Histograms::count(&of_row, 1, &column.codes);
            verify::missed(policy, &Whole::of(column), histogram.of(0)).is_none()
        })
    }
}
