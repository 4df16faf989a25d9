//! A folder for what only this one command needs, and nobody else may read; gone when the command ends.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The folder. Dropping it removes it with all that is in it; only a program that is killed outright leaves it.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new folder among the temporary files of the system (`TMPDIR`), open to this user alone.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub(super) fn new() -> anyhow::Result<Scratch> {
        let mut name = [0; 8];
        getrandom::fill(&mut name).map_err(|error| anyhow::anyhow!("No randomness from the system: {error}"))?;
        let path = std::env::temp_dir().join(format!("redress-{}", hex::encode(name)));
        private(&path).map_err(|error| anyhow::anyhow!("The folder {} cannot be made: {error}", path.display()))?;
        Ok(Scratch(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("Please delete the folder {}, which holds mail: {error}", self.0.display());
        }
    }
}

/// Makes a folder that only its owner can enter. One that is there already is an error: somebody else may have made it.
pub(super) fn private(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_folder_is_its_owners_alone_and_goes_with_all_that_is_in_it() {
        let scratch = Scratch::new().expect("there is a place for temporary files");
        let path = scratch.path().to_owned();
        fs::write(path.join("message.eml"), "words").expect("it can be written to");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o700);
        drop(scratch);
        assert!(!path.exists());
    }
}
