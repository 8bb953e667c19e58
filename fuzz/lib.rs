//! The properties of every reader, for the fuzz targets.

#[path = "properties/mod.rs"]
mod properties;

/// Checks one input of a target.
///
/// # Panics
/// Where a property does not hold, which is what a fuzzer looks for.
pub fn check(target: &str, bytes: &[u8]) {
    let target = properties::TARGETS.iter().find(|known| known.name == target).expect("a target of that name");
    (target.check)(bytes);
}

/// Names of the targets and the longest inputs that are tried on them.
pub fn targets() -> impl Iterator<Item = (&'static str, usize)> {
    properties::TARGETS.iter().map(|target| (target.name, target.length_max))
}
