package service

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// LatencyObjective is what the canary is judged by, in seconds: a bucket of its own, so that its share is exact.
const LatencyObjective = {{ '%.6g' | format(cookiecutter.latency_ms | float / 1000) }}

// Buckets of the latency histogram, in seconds.
var Buckets = buckets()

var methods = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// Metrics of requests, as the SLO rules and the canary analysis in the GitOps repository query them, in
// Prometheus' text format. The labels `namespace`, `service` and `rollouts_pod_template_hash` come from the
// ServiceMonitor.
type Metrics struct {
	mu       sync.Mutex
	requests map[[3]string]uint64
	seconds  map[[2]string]*histogram
}

type histogram struct {
	counts []uint64
	sum    float64
	count  uint64
}

// NewMetrics returns metrics without any series.
func NewMetrics() *Metrics {
	return &Metrics{requests: map[[3]string]uint64{}, seconds: map[[2]string]*histogram{}}
}

// Expect shows the series of a route at 0, so that idle does not look like missing.
func (metrics *Metrics) Expect(method, route string) {
	metrics.mu.Lock()
	defer metrics.mu.Unlock()
	metrics.requests[[3]string{method, route, "200"}] += 0
	metrics.latencies(method, route)
}

// Observe counts one request.
func (metrics *Metrics) Observe(method, route string, code int, seconds float64) {
	if !slices.Contains(methods, method) {
		method = "OTHER" // callers may invent methods, not series
	}
	metrics.mu.Lock()
	defer metrics.mu.Unlock()
	metrics.requests[[3]string{method, route, strconv.Itoa(code)}]++
	found := metrics.latencies(method, route)
	found.sum += seconds
	found.count++
	for number, bound := range Buckets {
		if seconds <= bound {
			found.counts[number]++
		}
	}
}

// Requests returns how many requests were counted.
func (metrics *Metrics) Requests(method, route string, code int) uint64 {
	metrics.mu.Lock()
	defer metrics.mu.Unlock()
	return metrics.requests[[3]string{method, route, strconv.Itoa(code)}]
}

func (metrics *Metrics) latencies(method, route string) *histogram {
	key := [2]string{method, route}
	if metrics.seconds[key] == nil {
		metrics.seconds[key] = &histogram{counts: make([]uint64, len(Buckets))}
	}
	return metrics.seconds[key]
}

// ServeHTTP shows all series to Prometheus.
func (metrics *Metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	metrics.write(w)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	fmt.Fprintf(w, "# TYPE go_goroutines gauge\ngo_goroutines %d\n", runtime.NumGoroutine())
	fmt.Fprintf(w, "# TYPE go_memstats_heap_alloc_bytes gauge\ngo_memstats_heap_alloc_bytes %d\n", memory.HeapAlloc)
}

func (metrics *Metrics) write(w io.Writer) {
	metrics.mu.Lock()
	defer metrics.mu.Unlock()
	fmt.Fprint(w, "# HELP http_requests_total Requests answered, by status code.\n")
	fmt.Fprint(w, "# TYPE http_requests_total counter\n")
	for _, key := range sorted(metrics.requests) {
		labels := fmt.Sprintf(`method="%s",route="%s",code="%s"`, key[0], escaped(key[1]), key[2])
		fmt.Fprintf(w, "http_requests_total%s %d\n", braced(labels), metrics.requests[key])
	}
	name := "http_request_duration_seconds"
	fmt.Fprintf(w, "# HELP %s Time from the first byte of a request to the last of its answer.\n", name)
	fmt.Fprintf(w, "# TYPE %s histogram\n", name)
	for _, key := range sorted(metrics.seconds) {
		labels := fmt.Sprintf(`method="%s",route="%s"`, key[0], escaped(key[1]))
		found := metrics.seconds[key]
		for number, bound := range Buckets {
			le := fmt.Sprintf(`%s,le="%s"`, labels, strconv.FormatFloat(bound, 'g', -1, 64))
			fmt.Fprintf(w, "%s_bucket%s %d\n", name, braced(le), found.counts[number])
		}
		fmt.Fprintf(w, "%s_bucket%s %d\n", name, braced(labels+`,le="+Inf"`), found.count)
		fmt.Fprintf(w, "%s_sum%s %g\n", name, braced(labels), found.sum)
		fmt.Fprintf(w, "%s_count%s %d\n", name, braced(labels), found.count)
	}
}

func sorted[Key [2]string | [3]string, Value any](series map[Key]Value) []Key {
	keys := make([]Key, 0, len(series))
	for key := range series {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b Key) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return keys
}

func braced(labels string) string { return "{" + labels + "}" }

func escaped(value string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(value)
}

func buckets() []float64 {
	all := []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, LatencyObjective}
	slices.Sort(all)
	return slices.Compact(all)
}
