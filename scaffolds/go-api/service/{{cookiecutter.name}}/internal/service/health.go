package service

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Below the 2 s that the readiness probe waits.
const patience = time.Second

// Dependency says whether something can be reached that this service cannot serve without.
type Dependency func(context.Context) error

// Readiness knows the dependencies that this service cannot serve without.
//
// Live: is this process worth keeping? It looks at nothing else, or a dead database would restart every pod.
// Ready: can it serve now? It asks the dependencies without which no request can be answered.
type Readiness struct {
	mu           sync.Mutex
	dependencies map[string]Dependency
}

// Needs counts the service as ready only while the dependency returns no error.
func (readiness *Readiness) Needs(name string, dependency Dependency) {
	readiness.mu.Lock()
	defer readiness.mu.Unlock()
	if readiness.dependencies == nil {
		readiness.dependencies = map[string]Dependency{}
	}
	readiness.dependencies[name] = dependency
}

// Failing asks all of them at once and returns the reason for each one that does not answer.
func (readiness *Readiness) Failing(ctx context.Context) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	readiness.mu.Lock()
	defer readiness.mu.Unlock()
	type result struct{ name, reason string }
	results := make(chan result, len(readiness.dependencies))
	for name, dependency := range readiness.dependencies {
		go func() { results <- result{name, reason(ctx, dependency)} }()
	}
	failing := map[string]string{}
	for range readiness.dependencies {
		if found := <-results; found.reason != "" {
			failing[found.name] = found.reason
		}
	}
	return failing
}

func reason(ctx context.Context, dependency Dependency) string {
	done := make(chan error, 1)
	go func() { done <- dependency(ctx) }()
	select {
	case err := <-done:
		if err != nil {
			return err.Error()
		}
		return ""
	case <-ctx.Done():
		return "no answer within " + patience.String()
	}
}

func live(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "alive"})
}

func (readiness *Readiness) ready(w http.ResponseWriter, r *http.Request) {
	if failing := readiness.Failing(r.Context()); len(failing) > 0 {
		answer(w, http.StatusServiceUnavailable, map[string]any{"status": "not ready", "failing": failing})
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "ready"})
}
