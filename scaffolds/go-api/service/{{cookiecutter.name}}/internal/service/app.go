// Package service is the service itself. Its manifests live in the GitOps repository.
package service

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// App is the application put together. Tests build their own.
type App struct {
	Readiness *Readiness
	Metrics   *Metrics
{%- if cookiecutter.flags %}
	Flags     *Flags
{%- endif %}

	log   *slog.Logger
	mux   *http.ServeMux
	limit time.Duration
}

// NewApp returns the application with all its endpoints.
func NewApp(settings Settings, log *slog.Logger) *App {
	app := &App{
		Readiness: &Readiness{},
		Metrics:   NewMetrics(),
{%- if cookiecutter.flags %}
		Flags:     NewFlags(settings.FlagdHost, settings.FlagdPort),
{%- endif %}
		log:       log,
		mux:       http.NewServeMux(),
		limit:     settings.RequestTimeout,
	}
	app.mux.HandleFunc("GET /health/live", live)
	app.mux.HandleFunc("GET /health/ready", app.Readiness.ready)
	for pattern, handler := range endpoints {
		app.Handle(pattern, handler)
	}
	return app
}

// Handle adds an endpoint, such as "GET /v1/greetings/{who}".
func (app *App) Handle(pattern string, handler http.HandlerFunc) {
	method, route, _ := strings.Cut(pattern, " ")
	app.Metrics.Expect(method, route)
	app.mux.Handle(pattern, {% if cookiecutter.flags %}app.Flags.refuseWhenSwitchedOff(handler){% else %}handler{% endif %})
}

// Handler returns everything that a request goes through.
func (app *App) Handler() http.Handler {
	return app.observed(limited(app.mux, app.limit))
}
