package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func newApp(settings Settings) *App {
	return NewApp(settings, NewLogger(io.Discard, slog.LevelInfo))
}

func get(app *App, path string, headers ...string) *httptest.ResponseRecorder {
	return call(app, http.MethodGet, path, headers...)
}

func call(app *App, method, path string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	for number := 0; number < len(headers); number += 2 {
		request.Header.Set(headers[number], headers[number+1])
	}
	response := httptest.NewRecorder()
	app.Handler().ServeHTTP(response, request)
	return response
}

func expect[Value comparable](t *testing.T, got, want Value) {
	t.Helper()
	if got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestGreetsByName(t *testing.T) {
	response := get(newApp(Settings{}), "/v1/greetings/Ada")

	expect(t, response.Code, http.StatusOK)
	expect(t, response.Body.String(), `{"message":"Hello, Ada."}`+"\n")
}

func TestRefusesANameThatIsTooLong(t *testing.T) {
	expect(t, get(newApp(Settings{}), "/v1/greetings/"+strings.Repeat("ä", 80)).Code, http.StatusOK)
	expect(t, get(newApp(Settings{}), "/v1/greetings/"+strings.Repeat("ä", 81)).Code, http.StatusBadRequest)
}

func TestLiveAndReadyByDefault(t *testing.T) {
	app := newApp(Settings{})

	expect(t, get(app, "/health/live").Code, http.StatusOK)
	expect(t, get(app, "/health/ready").Code, http.StatusOK)
}

func TestAFailingDependencyEndsReadinessButNotLiveness(t *testing.T) {
	app := newApp(Settings{})
	app.Readiness.Needs("database", func(context.Context) error { return errors.New("connection refused") })

	ready := get(app, "/health/ready")

	expect(t, ready.Code, http.StatusServiceUnavailable)
	expect(t, ready.Body.String(), `{"failing":{"database":"connection refused"},"status":"not ready"}`+"\n")
	expect(t, get(app, "/health/live").Code, http.StatusOK)
}

func TestASilentDependencyDoesNotHangTheProbe(t *testing.T) {
	app := newApp(Settings{})
	app.Readiness.Needs("queue", func(context.Context) error { time.Sleep(time.Minute); return nil })
	started := time.Now()

	ready := get(app, "/health/ready")

	expect(t, ready.Body.String(), `{"failing":{"queue":"no answer within 1s"},"status":"not ready"}`+"\n")
	if time.Since(started) > 2*time.Second {
		t.Error("the probe hung")
	}
}

func TestAnIdleServiceShowsItsSeriesAtZero(t *testing.T) {
	response := httptest.NewRecorder()
	newApp(Settings{}).Metrics.ServeHTTP(response, nil)

	for _, line := range []string{
		"# TYPE http_requests_total counter",
		`http_requests_total{method="GET",route="/v1/greetings/{who}",code="200"} 0`,
		`http_request_duration_seconds_bucket{method="GET",route="/v1/greetings/{who}",le="+Inf"} 0`,
	} {
		if !strings.Contains(response.Body.String(), line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
}

func TestRequestsAreCountedByRouteAndCode(t *testing.T) {
	app := newApp(Settings{})
	get(app, "/v1/greetings/Ada")
	get(app, "/v1/greetings/Grace")
	get(app, "/v1/greetings/"+strings.Repeat("a", 81))
	get(app, "/nowhere/42")
	call(app, http.MethodPost, "/v1/greetings/Ada")

	expect(t, app.Metrics.Requests("GET", "/v1/greetings/{who}", 200), 2)
	expect(t, app.Metrics.Requests("GET", "/v1/greetings/{who}", 400), 1)
	expect(t, app.Metrics.Requests("GET", "unmatched", 404), 1)
	expect(t, app.Metrics.Requests("POST", "unmatched", 405), 1)
}

func TestLatenciesFallIntoTheirBuckets(t *testing.T) {
	metrics := NewMetrics()
	metrics.Observe("GET", "/x", 200, 0.02)
	metrics.Observe("GET", "/x", 200, 99)
	response := httptest.NewRecorder()
	metrics.ServeHTTP(response, nil)

	for _, line := range []string{
		`http_request_duration_seconds_bucket{method="GET",route="/x",le="0.01"} 0`,
		`http_request_duration_seconds_bucket{method="GET",route="/x",le="0.025"} 1`,
		`http_request_duration_seconds_bucket{method="GET",route="/x",le="10"} 1`,
		`http_request_duration_seconds_bucket{method="GET",route="/x",le="+Inf"} 2`,
		`http_request_duration_seconds_sum{method="GET",route="/x"} 99.02`,
		`http_request_duration_seconds_count{method="GET",route="/x"} 2`,
	} {
		if !strings.Contains(response.Body.String(), line+"\n") {
			t.Errorf("no line %s in\n%s", line, response.Body)
		}
	}
}

func TestACrashIsA500ThatTellsTheCallerNothing(t *testing.T) {
	var log bytes.Buffer
	app := NewApp(Settings{}, NewLogger(&log, slog.LevelInfo))
	app.Handle("GET /crash", func(http.ResponseWriter, *http.Request) { panic("the secret reason") })

	response := get(app, "/crash")

	expect(t, response.Code, http.StatusInternalServerError)
	expect(t, response.Body.String(), `{"detail":"failed"}`+"\n")
	expect(t, app.Metrics.Requests("GET", "/crash", 500), 1)
	if !strings.Contains(log.String(), "the secret reason") {
		t.Error("the log does not tell why")
	}
}

func TestInventedMethodsShareOneSeries(t *testing.T) {
	app := newApp(Settings{})
	call(app, "BREW", "/nowhere")
	call(app, "WHEN", "/nowhere")

	expect(t, app.Metrics.Requests("OTHER", "unmatched", 404), 2)
}

func TestProbesAreNotTraffic(t *testing.T) {
	app := newApp(Settings{})
	get(app, "/health/live")

	expect(t, app.Metrics.Requests("GET", "/health/live", 200), 0)
}

func TestTheLatencyObjectiveIsABucket(t *testing.T) {
	expect(t, slices.Contains(Buckets, LatencyObjective), true)
}

func TestARequestIsOneLineOfJSON(t *testing.T) {
	var log bytes.Buffer
	app := NewApp(Settings{}, NewLogger(&log, slog.LevelInfo))

	response := get(app, "/v1/greetings/Ada", "X-Request-Id", "from-the-mesh")

	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	expect(t, line["message"], any("GET /v1/greetings/{who} OK"))
	expect(t, line["level"], any("info"))
	expect(t, line["code"], any(200.0))
	expect(t, line["request_id"], any("from-the-mesh"))
	expect(t, response.Header().Get("X-Request-Id"), "from-the-mesh")
	expect(t, strings.Contains(log.String(), "Ada"), false)
}

func TestARequestWithoutAnIDGetsOneAndALongOneIsCut(t *testing.T) {
	app := newApp(Settings{})

	expect(t, len(get(app, "/v1/greetings/Ada").Header().Get("X-Request-Id")) > 20, true)
	long := get(app, "/v1/greetings/Ada", "X-Request-Id", strings.Repeat("x", 300))
	expect(t, len(long.Header().Get("X-Request-Id")), 128)
}

func TestARequestThatTakesTooLongIsEndedAndCounted(t *testing.T) {
	app := newApp(Settings{RequestTimeout: 20 * time.Millisecond})
	app.Handle("GET /slow", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(100 * time.Millisecond)
		answer(w, http.StatusOK, "finished")
	})

	expect(t, get(app, "/slow").Code, http.StatusGatewayTimeout)
	expect(t, app.Metrics.Requests("GET", "/slow", 504), 1)
	expect(t, get(app, "/v1/greetings/Ada").Body.String(), `{"message":"Hello, Ada."}`+"\n")
	expect(t, get(app, "/v1/greetings/Ada").Header().Get("Content-Type"), "application/json")
}

func TestACrashWithinATimeLimitIsA500(t *testing.T) {
	app := newApp(Settings{RequestTimeout: time.Second})
	app.Handle("GET /crash", func(http.ResponseWriter, *http.Request) { panic("no") })

	expect(t, get(app, "/crash").Code, http.StatusInternalServerError)
}

func TestSettingsComeFromTheEnvironment(t *testing.T) {
	given := map[string]string{"PORT": "81", "REQUEST_TIMEOUT_MS": "1500", "LOG_LEVEL": "warn"}
	settings, err := SettingsFrom(func(name string) string { return given[name] })

	expect(t, err, nil)
	expect(t, settings.Port, 81)
	expect(t, settings.MetricsPort, 9090)
	expect(t, settings.RequestTimeout, 1500*time.Millisecond)
	expect(t, settings.LogLevel, slog.LevelWarn)
}

func TestASettingThatIsNoNumberStopsTheStartWithASentence(t *testing.T) {
	_, err := SettingsFrom(func(name string) string { return map[string]string{"PORT": "http"}[name] })

	expect(t, err.Error(), `PORT must be a whole number, not "http"`)
}
