package service

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// Settings is everything that may differ from one environment to the next, read once at the start.
type Settings struct {
	Port           int
	MetricsPort    int
	LogLevel       slog.Level
	RequestTimeout time.Duration // 0: the mesh ends what takes too long
{%- if cookiecutter.flags %}
	FlagdHost      string        // empty: nobody to ask, every flag has its default
	FlagdPort      int
{%- endif %}
}

// SettingsFrom reads the environment; os.Getenv gives it.
func SettingsFrom(environment func(string) string) (settings Settings, err error) {
	number := func(name string, fallback int) int {
		text := environment(name)
		if text == "" {
			return fallback
		}
		value, failure := strconv.ParseUint(text, 10, 31)
		if failure != nil && err == nil {
			err = fmt.Errorf("%s must be a whole number, not %q", name, text)
		}
		return int(value)
	}
	settings = Settings{
		Port:           number("PORT", 8080),
		MetricsPort:    number("METRICS_PORT", 9090),
		RequestTimeout: time.Duration(number("REQUEST_TIMEOUT_MS", 0)) * time.Millisecond,
{%- if cookiecutter.flags %}
		FlagdHost:      environment("FLAGD_HOST"),
		FlagdPort:      number("FLAGD_OFREP_PORT", 8016),
{%- endif %}
	}
	if level := environment("LOG_LEVEL"); level != "" {
		if failure := settings.LogLevel.UnmarshalText([]byte(level)); failure != nil && err == nil {
			err = fmt.Errorf("LOG_LEVEL must be DEBUG, INFO, WARN or ERROR, not %q", level)
		}
	}
	return settings, err
}
