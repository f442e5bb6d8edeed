package service

import (
	"context"
	"crypto/rand"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

const (
	requestIDHeader = "X-Request-Id" // set by the mesh's proxy; made here when somebody calls without one
	longestID       = 128
	probes          = "/health/" // the kubelet's probes are not traffic: they would flatter the error ratio
)

type requestIDKey struct{}

// RequestID returns the id of the request that a context belongs to.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// observed counts, times and logs every request, once.
func (app *App) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, probes) {
			next.ServeHTTP(w, r)
			return
		}
		id := r.Header.Get(requestIDHeader)
		if id = id[:min(len(id), longestID)]; id == "" {
			id = rand.Text()
		}
		w.Header().Set(requestIDHeader, id)
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		answered, started := &recorder{ResponseWriter: w}, time.Now()
		defer func() {
			if failure := recover(); failure != nil {
				app.log.Error("a request crashed", "exception", failure, "stack", string(debug.Stack()), "request_id", id)
				if answered.code == 0 {
					answer(answered, http.StatusInternalServerError, map[string]string{"detail": "failed"})
				}
			}
			app.record(r, answered, time.Since(started))
		}()
		next.ServeHTTP(answered, r)
	})
}

func (app *App) record(r *http.Request, answered *recorder, took time.Duration) {
	// The route's pattern and never the path: paths carry ids, and each would be a new series.
	_, pattern := app.mux.Handler(r)
	route := "unmatched"
	if _, path, found := strings.Cut(pattern, " "); found {
		route = path
	}
	code := answered.code
	if code == 0 {
		code = http.StatusOK
	}
	app.Metrics.Observe(r.Method, route, code, took.Seconds())
	app.log.Info(
		r.Method+" "+route+" "+http.StatusText(code),
		"code", code, "duration_ms", float64(took.Microseconds())/1000, "request_id", RequestID(r.Context()),
	)
}

type recorder struct {
	http.ResponseWriter
	code int
}

func (w *recorder) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *recorder) Write(data []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	return w.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController reach what is below.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
