//! Pairs that belong to every largest assignment of a bipartite graph.
//!
//! A pair is sure where forbidding it makes the largest assignment smaller; everything else could as
//! well be otherwise. Deterministic, and the same whatever the order of the input: what is sure is a
//! property of the graph, not of the assignment that was found first.

/// Work allowed for one graph, in edges walked; beyond it nothing is called sure.
const STEPS_MAX: usize = 50_000_000;

/// For each left node its sure partner; `None` for the whole graph where it is too large to decide.
#[must_use]
pub(super) fn sure_pairs(edges: &[Vec<usize>], right_count: usize) -> Option<Vec<Option<usize>>> {
    let edge_count: usize = edges.iter().map(Vec::len).sum();
    // Finding the assignment and testing each pair walks the graph about twice for every left node.
    if edge_count.saturating_mul(edges.len()).saturating_mul(2) > STEPS_MAX {
        return None;
    }
    let mut graph = Graph { edges, left: vec![None; edges.len()], right: vec![None; right_count] };
    for node in 0..edges.len() {
        graph.augment(node, None);
    }
    let found = graph.left.clone();
    let sure = |(node, partner): (usize, &Option<usize>)| {
        let partner = (*partner)?;
        (!graph.can_do_without(node, partner)).then_some(partner)
    };
    Some(found.iter().enumerate().map(sure).collect())
}

#[derive(Clone)]
struct Graph<'a> {
    edges: &'a [Vec<usize>],
    left: Vec<Option<usize>>,
    right: Vec<Option<usize>>,
}

impl Graph<'_> {
    /// Looks for an alternating path from a free left node to a free right node, and switches along it.
    fn augment(&mut self, from: usize, forbidden: Option<(usize, usize)>) -> bool {
        let mut came_from: Vec<Option<usize>> = vec![None; self.right.len()];
        let mut waiting = vec![from];
        while let Some(node) = waiting.pop() {
            for &partner in self.edges.get(node).into_iter().flatten() {
                if forbidden == Some((node, partner)) || came_from.get(partner).is_none_or(Option::is_some) {
                    continue;
                }
                if let Some(place) = came_from.get_mut(partner) {
                    *place = Some(node);
                }
                match self.right.get(partner).copied().flatten() {
                    Some(next) => waiting.push(next),
                    None => {
                        self.switch(partner, &came_from);
                        return true;
                    }
                }
            }
        }
        false
    }

    fn switch(&mut self, end: usize, came_from: &[Option<usize>]) {
        let mut partner = Some(end);
        while let Some(at) = partner {
            let Some(node) = came_from.get(at).copied().flatten() else { return };
            let before = self.left.get(node).copied().flatten();
            if let (Some(left), Some(right)) = (self.left.get_mut(node), self.right.get_mut(at)) {
                *left = Some(at);
                *right = Some(node);
            }
            partner = before;
        }
    }

    /// Whether an assignment as large exists without this pair.
    fn can_do_without(&self, node: usize, partner: usize) -> bool {
        let mut without = self.clone();
        if let (Some(left), Some(right)) = (without.left.get_mut(node), without.right.get_mut(partner)) {
            *left = None;
            *right = None;
        }
        let forbidden = Some((node, partner));
        let free: Vec<usize> =
            without.left.iter().enumerate().filter_map(|(at, p)| p.is_none().then_some(at)).collect();
        // The node itself first: it is the likeliest to find another partner.
        std::iter::once(node).chain(free).any(|from| without.augment(from, forbidden))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every assignment, by trying all; what is in each of the largest.
    fn by_trying(edges: &[Vec<usize>]) -> Vec<Option<usize>> {
        fn all(edges: &[Vec<usize>], taken: &mut Vec<Option<usize>>, out: &mut Vec<Vec<Option<usize>>>) {
            let at = taken.len();
            if at == edges.len() {
                out.push(taken.clone());
                return;
            }
            for choice in edges[at].iter().map(|p| Some(*p)).chain([None]) {
                if choice.is_none() || !taken.contains(&choice) {
                    taken.push(choice);
                    all(edges, taken, out);
                    taken.pop();
                }
            }
        }
        let mut out = Vec::new();
        all(edges, &mut Vec::new(), &mut out);
        let size = |a: &Vec<Option<usize>>| a.iter().flatten().count();
        let best = out.iter().map(size).max().unwrap();
        let best: Vec<_> = out.into_iter().filter(|a| size(a) == best).collect();
        (0..edges.len()).map(|at| best[0][at].filter(|p| best.iter().all(|a| a[at] == Some(*p)))).collect()
    }

    #[test]
    fn a_chain_of_windows_is_sure_and_a_swap_is_not() {
        assert_eq!(sure_pairs(&[vec![0], vec![0, 1]], 2).unwrap(), [Some(0), Some(1)]);
        assert_eq!(sure_pairs(&[vec![0, 1], vec![0, 1]], 2).unwrap(), [None, None]);
        assert_eq!(sure_pairs(&[vec![0], vec![0]], 1).unwrap(), [None, None]);
        assert_eq!(sure_pairs(&[vec![], vec![1]], 2).unwrap(), [None, Some(1)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn it_agrees_with_trying_all(
            edges in proptest::collection::vec(proptest::collection::btree_set(0..5_usize, 0..4), 0..6),
        ) {
            let edges: Vec<Vec<usize>> = edges.into_iter().map(|set| set.into_iter().collect()).collect();
            prop_assert_eq!(sure_pairs(&edges, 5).unwrap(), by_trying(&edges));
        }
    }
}
