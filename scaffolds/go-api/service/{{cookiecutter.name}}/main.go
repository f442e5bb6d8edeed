// What the container runs.
package main

import (
	"log/slog"
	"os"

	"{{ cookiecutter.name }}/internal/service"
)

func main() {
	settings, err := service.SettingsFrom(os.Getenv)
	if err == nil {
		slog.SetDefault(service.NewLogger(os.Stdout, settings.LogLevel))
		err = service.Serve(service.NewApp(settings, slog.Default()), settings)
	}
	if err != nil {
		slog.Error("the service ended", "error", err)
		os.Exit(1)
	}
}
