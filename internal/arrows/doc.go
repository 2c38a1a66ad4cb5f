// Package arrows holds the test that the project's imports go one way.
package arrows
