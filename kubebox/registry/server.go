package registry

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	contentDigest    = "Docker-Content-Digest"
	maxManifestBytes = 4 << 20
)

// route matches everything below /v2/<name>/: <name> may contain slashes.
var route = regexp.MustCompile(`^/v2/(.+)/(blobs/uploads|blobs|manifests|tags|referrers)/([^/]*)$`)

// Server serves a store by the OCI distribution specification.
type Server struct {
	store   *store
	uploads sync.Map // id -> *sync.Mutex: parts of one upload come one after the other
}

// Serve listens until it fails.
func Serve(address, folder string) error {
	store, err := newStore(folder)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: address, Handler: &Server{store: store}, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	body := map[string]any{"errors": []map[string]string{{"code": code, "message": message}}}
	_ = json.NewEncoder(w).Encode(body)
}

func answer(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	switch r.URL.Path {
	case "/v2", "/v2/":
		answer(w, struct{}{})
		return
	case "/v2/_catalog":
		names, err := s.store.repositories()
		if err != nil {
			refuse(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
			return
		}
		answer(w, map[string]any{"repositories": names})
		return
	}
	found := route.FindStringSubmatch(r.URL.Path)
	if found == nil || !namePattern.MatchString(found[1]) {
		refuse(w, http.StatusNotFound, "NAME_INVALID", "no such path")
		return
	}
	name, reference := found[1], found[3]
	switch found[2] {
	case "blobs":
		s.blob(w, r, name, reference)
	case "blobs/uploads":
		s.upload(w, r, name, reference)
	case "manifests":
		s.manifest(w, r, name, reference)
	case "tags":
		s.listTags(w, name)
	case "referrers":
		w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		_, _ = io.WriteString(w, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`)
	}
}

func (s *Server) listTags(w http.ResponseWriter, name string) {
	tags, err := s.store.tags(name)
	if err != nil {
		refuse(w, http.StatusNotFound, "NAME_UNKNOWN", name)
		return
	}
	answer(w, map[string]any{"name": name, "tags": tags})
}

func (s *Server) blob(w http.ResponseWriter, r *http.Request, name, digest string) {
	if !s.store.has(name, digest) {
		refuse(w, http.StatusNotFound, "BLOB_UNKNOWN", digest)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		s.content(w, r, digest, "application/octet-stream")
	case http.MethodDelete:
		s.delete(w, name, digest)
	default:
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED", r.Method)
	}
}

// content serves a blob, also parts of it (Range).
func (s *Server) content(w http.ResponseWriter, r *http.Request, digest, mediaType string) {
	file, err := os.Open(s.store.blob(digest))
	if err != nil {
		refuse(w, http.StatusNotFound, "BLOB_UNKNOWN", digest)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set(contentDigest, digest)
	w.Header().Set("Etag", `"`+digest+`"`)
	http.ServeContent(w, r, "", time.Time{}, file)
}

func (s *Server) delete(w http.ResponseWriter, name, digest string) {
	if err := s.store.remove(name, digest); err != nil {
		refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN", err.Error())
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (s *Server) manifest(w http.ResponseWriter, r *http.Request, name, reference string) {
	if r.Method == http.MethodPut {
		s.putManifest(w, r, name, reference)
		return
	}
	digest, mediaType, err := s.store.resolve(name, reference)
	if err != nil {
		refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN", name+":"+reference)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		s.content(w, r, digest, mediaType)
	case http.MethodDelete:
		s.delete(w, name, digest)
	default:
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED", r.Method)
	}
}

// parts are what a manifest refers to; the repository must have it all.
type parts struct {
	Config    *struct{ Digest string }
	Layers    []struct{ Digest string }
	Manifests []struct{ Digest string }
}

func (s *Server) putManifest(w http.ResponseWriter, r *http.Request, name, reference string) {
	if !digestPattern.MatchString(reference) && !tagPattern.MatchString(reference) {
		refuse(w, http.StatusBadRequest, "TAG_INVALID", reference)
		return
	}
	content, err := io.ReadAll(io.LimitReader(r.Body, maxManifestBytes+1))
	if err != nil || len(content) > maxManifestBytes {
		refuse(w, http.StatusRequestEntityTooLarge, "SIZE_INVALID", "manifests may have 4 MiB")
		return
	}
	var referred parts
	if err := json.Unmarshal(content, &referred); err != nil {
		refuse(w, http.StatusBadRequest, "MANIFEST_INVALID", err.Error())
		return
	}
	wanted := append(referred.Layers, referred.Manifests...)
	if referred.Config != nil {
		wanted = append(wanted, *referred.Config)
	}
	for _, part := range wanted {
		if !s.store.has(name, part.Digest) {
			refuse(w, http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN", part.Digest)
			return
		}
	}
	mediaType := r.Header.Get("Content-Type")
	if mediaType == "" {
		mediaType = "application/vnd.oci.image.manifest.v1+json"
	}
	digest, err := s.store.putManifest(name, reference, mediaType, content)
	if err != nil {
		refuse(w, http.StatusBadRequest, "DIGEST_INVALID", err.Error())
		return
	}
	w.Header().Set(contentDigest, digest)
	w.Header().Set("Location", fmt.Sprintf("/v2/%s/manifests/%s", name, digest))
	w.WriteHeader(http.StatusCreated)
}

func (s *Server) upload(w http.ResponseWriter, r *http.Request, name, id string) {
	if r.Method == http.MethodPost {
		s.begin(w, r, name)
		return
	}
	lock, known := s.uploads.Load(id)
	if !known {
		refuse(w, http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN", id)
		return
	}
	lock.(*sync.Mutex).Lock()
	defer lock.(*sync.Mutex).Unlock()
	switch r.Method {
	case http.MethodGet:
		s.progress(w, name, id, http.StatusNoContent)
	case http.MethodPatch:
		if s.receive(w, r, id) {
			s.progress(w, name, id, http.StatusAccepted)
		}
	case http.MethodPut:
		if s.receive(w, r, id) {
			s.finish(w, name, id, r.URL.Query().Get("digest"))
		}
	case http.MethodDelete:
		s.uploads.Delete(id)
		_ = os.Remove(s.store.upload(id))
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED", r.Method)
	}
}

// begin opens an upload, or answers at once: a mount from another repository, or all content in this request.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, name string) {
	query := r.URL.Query()
	if mount := query.Get("mount"); mount != "" && s.store.has(query.Get("from"), mount) {
		if err := s.store.addLink(name, mount, ""); err != nil {
			refuse(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
			return
		}
		s.created(w, name, mount)
		return
	}
	id := rand.Text()
	if err := os.WriteFile(s.store.upload(id), nil, 0o644); err != nil {
		refuse(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	s.uploads.Store(id, &sync.Mutex{})
	if digest := query.Get("digest"); digest != "" {
		if s.receive(w, r, id) {
			s.finish(w, name, id, digest)
		}
		return
	}
	s.progress(w, name, id, http.StatusAccepted)
}

// receive appends the request's body. A Content-Range must continue where the upload ends.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, id string) bool {
	file, err := os.OpenFile(s.store.upload(id), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if ranged := r.Header.Get("Content-Range"); err == nil && ranged != "" {
		start, convErr := strconv.ParseInt(strings.SplitN(strings.TrimPrefix(ranged, "bytes "), "-", 2)[0], 10, 64)
		if convErr != nil || start != info.Size() {
			refuse(w, http.StatusRequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID", "out of order: "+ranged)
			return false
		}
	}
	if _, copyErr := io.Copy(file, r.Body); errors.Join(err, copyErr) != nil {
		refuse(w, http.StatusInternalServerError, "UNKNOWN", "upload was cut")
		return false
	}
	return true
}

func (s *Server) progress(w http.ResponseWriter, name, id string, status int) {
	info, err := os.Stat(s.store.upload(id))
	if err != nil {
		refuse(w, http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN", id)
		return
	}
	w.Header().Set("Location", fmt.Sprintf("/v2/%s/blobs/uploads/%s", name, id))
	w.Header().Set("Docker-Upload-UUID", id)
	w.Header().Set("Range", fmt.Sprintf("0-%d", max(info.Size()-1, 0)))
	w.WriteHeader(status)
}

func (s *Server) finish(w http.ResponseWriter, name, id, digest string) {
	err := errMismatch
	if digestPattern.MatchString(digest) {
		err = s.store.finish(name, id, digest)
	}
	s.uploads.Delete(id)
	if err != nil {
		_ = os.Remove(s.store.upload(id))
		refuse(w, http.StatusBadRequest, "DIGEST_INVALID", err.Error())
		return
	}
	s.created(w, name, digest)
}

func (s *Server) created(w http.ResponseWriter, name, digest string) {
	w.Header().Set(contentDigest, digest)
	w.Header().Set("Location", fmt.Sprintf("/v2/%s/blobs/%s", name, digest))
	w.WriteHeader(http.StatusCreated)
}
