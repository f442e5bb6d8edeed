package service

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"
)

// limited answers 504 after so long, where no mesh does it: nobody waits for ever. 0 leaves every request its time.
func limited(next http.Handler, limit time.Duration) http.Handler {
	if limit == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		held := &heldAnswer{header: http.Header{}, code: http.StatusOK}
		ended := make(chan any, 1)
		go func() {
			defer func() { ended <- recover() }()
			next.ServeHTTP(held, r.WithContext(ctx))
		}()
		select {
		case failure := <-ended:
			if failure != nil {
				panic(failure)
			}
			held.send(w)
		case <-ctx.Done():
			held.close()
			answer(w, http.StatusGatewayTimeout, map[string]string{"detail": "took too long"})
		}
	})
}

// heldAnswer keeps an answer until it is whole: half of one cannot become another one.
type heldAnswer struct {
	mu     sync.Mutex
	header http.Header
	code   int
	body   bytes.Buffer
	closed bool
}

func (held *heldAnswer) Header() http.Header { return held.header }

func (held *heldAnswer) WriteHeader(code int) {
	held.mu.Lock()
	defer held.mu.Unlock()
	held.code = code
}

func (held *heldAnswer) Write(data []byte) (int, error) {
	held.mu.Lock()
	defer held.mu.Unlock()
	if held.closed {
		return 0, http.ErrHandlerTimeout
	}
	return held.body.Write(data)
}

func (held *heldAnswer) send(w http.ResponseWriter) {
	held.mu.Lock()
	defer held.mu.Unlock()
	for name, values := range held.header {
		w.Header()[name] = values
	}
	w.WriteHeader(held.code)
	_, _ = w.Write(held.body.Bytes())
}

func (held *heldAnswer) close() {
	held.mu.Lock()
	defer held.mu.Unlock()
	held.closed = true
}
