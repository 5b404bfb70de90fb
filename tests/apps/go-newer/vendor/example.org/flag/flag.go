// Package flag is vendored: no module proxy takes part in the build.
package flag

// Name is what the page shows.
const Name = "vendored"
