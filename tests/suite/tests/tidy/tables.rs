//! Checks that tables are read by keys.

use crate::source::deployed_files;

#[test]
fn no_table_is_ever_scanned() {
    for file in deployed_files() {
        assert!(!file.text.contains(".scan("), "{} scans a table", file.path);
    }
}
