package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"
)

// Kubernetes kills after 45 s, of which the preStop sleep takes 10.
const grace = 25 * time.Second

// Serve answers requests on one port and Prometheus on another until SIGTERM, then finishes what is in flight.
func Serve(app *App, settings Settings) error {
	stopping, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	requests := &http.Server{Handler: app.Handler(), ReadHeaderTimeout: 10 * time.Second}
	metrics := &http.Server{Handler: app.Metrics, ReadHeaderTimeout: 10 * time.Second}
	defer metrics.Close()
	failed := make(chan error, 2)
	for server, port := range map[*http.Server]int{requests: settings.Port, metrics: settings.MetricsPort} {
		listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			return err
		}
		go func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		}()
	}
	app.log.Info("serving", "port", settings.Port, "metrics_port", settings.MetricsPort)
	select {
	case err := <-failed:
		return err
	case <-stopping.Done():
	}
	app.log.Info("stopping: finishing the requests in flight")
	patience, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := requests.Shutdown(patience); err != nil {
		return fmt.Errorf("requests were still in flight after %s: %w", grace, err)
	}
	return nil
}
