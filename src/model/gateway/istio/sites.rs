//! Which policies reach which places of use, where a run holds many samples that know nothing of each other: a policy
//! is for what it selects that is nearest in the folders of the project. Where several are as near, nobody can tell.

use std::collections::{BTreeSet, HashMap};

use crate::source::upwards;

/// Places of use, by what selects them and the folder of their file.
#[derive(Debug, Default)]
pub(super) struct Sites {
    /// Folders of places of use at or below a folder.
    below: HashMap<(String, String), BTreeSet<String>>,
    attached: HashMap<(String, String), Vec<u32>>,
    doubtful: BTreeSet<(String, String)>,
}

/// So many folders of places of use are told apart below one folder.
const MOST_FOLDERS: usize = 2;

impl Sites {
    /// Adds a place of use.
    pub(super) fn add(&mut self, key: &str, folder: &str) {
        for above in upwards(folder) {
            let below = self.below.entry((key.to_owned(), above.to_owned())).or_default();
            if below.len() < MOST_FOLDERS {
                below.insert(folder.to_owned());
            }
        }
    }

    /// Attaches a policy to the places of use that are nearest to it. Whether there are any.
    pub(super) fn attach(&mut self, policy: u32, key: &str, folder: &str) -> bool {
        for above in upwards(folder) {
            let Some(below) = self.below.get(&(key.to_owned(), above.to_owned())) else { continue };
            let only = below.first().filter(|_| below.len() == 1);
            let site = match only {
                // What stands in a folder above is for all that is below.
                _ if above == folder => above.to_owned(),
                Some(only) => only.clone(),
                None => {
                    self.doubtful.insert((key.to_owned(), above.to_owned()));
                    return true;
                }
            };
            self.attached.entry((key.to_owned(), site)).or_default().push(policy);
            return true;
        }
        false
    }

    /// The policies of a place of use, and whether there may be more.
    pub(super) fn reaching(&self, key: &str, folder: &str) -> (Vec<u32>, bool) {
        let mut found = Vec::new();
        let mut doubt = false;
        for above in upwards(folder) {
            let site = (key.to_owned(), above.to_owned());
            found.extend(self.attached.get(&site).into_iter().flatten());
            doubt |= self.doubtful.contains(&site);
        }
        (found, doubt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(folders: &[&str]) -> Sites {
        let mut sites = Sites::default();
        folders.iter().for_each(|folder| sites.add("gateway", folder));
        sites
    }

    #[test]
    fn a_policy_is_for_the_only_place_of_use_wherever_it_stands() {
        let mut sites = sites(&["deploy/gateways"]);
        assert!(sites.attach(7, "gateway", "deploy/policies"));
        assert_eq!(sites.reaching("gateway", "deploy/gateways"), (vec![7], false));
    }

    #[test]
    fn samples_keep_to_themselves() {
        let mut sites = sites(&["samples/a", "samples/b"]);
        sites.attach(7, "gateway", "samples/a");
        assert_eq!(sites.reaching("gateway", "samples/a"), (vec![7], false));
        assert_eq!(sites.reaching("gateway", "samples/b"), (vec![], false));
    }

    #[test]
    fn a_policy_above_is_for_all_below_and_one_beside_for_nobody_knows_whom() {
        let mut sites = sites(&["samples/a", "samples/b"]);
        sites.attach(7, "gateway", "samples");
        sites.attach(8, "gateway", "samples/c");
        assert_eq!(sites.reaching("gateway", "samples/b"), (vec![7], true));
        assert!(!sites.attach(9, "another", "samples"));
    }
}
