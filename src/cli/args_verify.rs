//! The command line of `verify`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Default, Args)]
pub(super) struct VerifyArgs {
    /// A sealed pack: everything in it is made again from its own documents and compared
    #[arg(value_name = "PACK")]
    pub(super) pack: Option<PathBuf>,
    /// The documents of a pack that holds only their hashes: files and folders, under whatever names
    #[arg(long, num_args = 1.., value_name = "PATH", requires = "pack")]
    pub(super) from: Vec<PathBuf>,
}
