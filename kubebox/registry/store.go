// Package registry is a small OCI distribution server over a folder: enough for pushing and pulling offline.
package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	digestPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	namePattern   = regexp.MustCompile(`^[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`)
	tagPattern    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
)

var errMismatch = errors.New("content does not match its digest")

// store keeps blobs once for all repositories; a repository is a folder of links that say what it may serve.
//
//	blobs/<hex>                              content
//	repositories/<name>/_links/<hex>         this repository has the blob; the file holds its media type, if a manifest
//	repositories/<name>/_tags/<tag>          digest
//	uploads/<id>                             unfinished
type store struct {
	root string
}

func newStore(root string) (*store, error) {
	for _, folder := range []string{"blobs", "repositories", "uploads"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			return nil, err
		}
	}
	return &store{root: root}, nil
}

func (s *store) blob(digest string) string {
	return filepath.Join(s.root, "blobs", strings.TrimPrefix(digest, "sha256:"))
}

func (s *store) link(name, digest string) string {
	return filepath.Join(s.root, "repositories", name, "_links", strings.TrimPrefix(digest, "sha256:"))
}

func (s *store) tag(name, tag string) string {
	return filepath.Join(s.root, "repositories", name, "_tags", tag)
}

func (s *store) upload(id string) string {
	return filepath.Join(s.root, "uploads", id)
}

// has tells whether a repository may serve a digest.
func (s *store) has(name, digest string) bool {
	if !digestPattern.MatchString(digest) {
		return false
	}
	_, err := os.Stat(s.link(name, digest))
	return err == nil
}

// addLink lets a repository serve a blob that is stored already.
func (s *store) addLink(name, digest, mediaType string) error {
	return writeWhole(s.link(name, digest), []byte(mediaType))
}

// finish turns an upload into a blob of the repository.
func (s *store) finish(name, id, digest string) error {
	file, err := os.Open(s.upload(id))
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if "sha256:"+hex.EncodeToString(sum.Sum(nil)) != digest {
		return errMismatch
	}
	if err := os.Rename(s.upload(id), s.blob(digest)); err != nil {
		return err
	}
	return s.addLink(name, digest, "")
}

// putManifest stores a manifest and, when the reference is a tag, points the tag to it.
func (s *store) putManifest(name, reference, mediaType string, content []byte) (string, error) {
	sum := sha256.Sum256(content)
	digest := "sha256:" + hex.EncodeToString(sum[:])
	isDigest := strings.HasPrefix(reference, "sha256:")
	if isDigest && reference != digest {
		return "", errMismatch
	}
	if err := writeWhole(s.blob(digest), content); err != nil {
		return "", err
	}
	if err := s.addLink(name, digest, mediaType); err != nil {
		return "", err
	}
	if isDigest {
		return digest, nil
	}
	return digest, writeWhole(s.tag(name, reference), []byte(digest))
}

// resolve turns a tag or digest into the digest of a manifest of the repository.
func (s *store) resolve(name, reference string) (digest, mediaType string, err error) {
	digest = reference
	if !strings.HasPrefix(reference, "sha256:") {
		if !tagPattern.MatchString(reference) {
			return "", "", os.ErrNotExist
		}
		content, err := os.ReadFile(s.tag(name, reference))
		if err != nil {
			return "", "", err
		}
		digest = string(content)
	}
	if !digestPattern.MatchString(digest) {
		return "", "", os.ErrNotExist
	}
	content, err := os.ReadFile(s.link(name, digest))
	if err != nil {
		return "", "", err
	}
	if len(content) == 0 {
		return "", "", os.ErrNotExist // a blob, not a manifest
	}
	return digest, string(content), nil
}

// tags lists a repository's tags in order.
func (s *store) tags(name string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.root, "repositories", name, "_tags"))
	if err != nil && s.exists(name) {
		return []string{}, nil
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	slices.Sort(names)
	return names, err
}

func (s *store) exists(name string) bool {
	_, err := os.Stat(filepath.Join(s.root, "repositories", name, "_links"))
	return err == nil
}

// remove takes a manifest (with its tags) or a blob away from a repository.
func (s *store) remove(name, digest string) error {
	names, _ := s.tags(name)
	for _, tag := range names {
		if content, err := os.ReadFile(s.tag(name, tag)); err == nil && string(content) == digest {
			if err := os.Remove(s.tag(name, tag)); err != nil {
				return err
			}
		}
	}
	return os.Remove(s.link(name, digest))
}

// repositories lists all names in order.
func (s *store) repositories() ([]string, error) {
	root := filepath.Join(s.root, "repositories")
	names := []string{}
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if entry.Name() == "_links" {
			name, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			names = append(names, name)
			return filepath.SkipDir
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

func writeWhole(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(temporary.Name(), path)
}
