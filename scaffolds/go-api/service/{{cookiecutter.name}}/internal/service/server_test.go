package service

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func read(t *testing.T, address string) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(address)
		if err != nil {
			continue
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return string(body)
	}
	t.Fatal("the service did not start within 20 s")
	return ""
}

// The real servers: two ports, and a SIGTERM in the middle of a request.
func TestARequestInFlightSurvivesSIGTERM(t *testing.T) {
	settings := Settings{Port: freePort(t), MetricsPort: freePort(t)}
	app := newApp(settings)
	begun := make(chan bool)
	app.Handle("GET /slow", func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		time.Sleep(500 * time.Millisecond)
		answer(w, http.StatusOK, "finished")
	})
	ended := make(chan error, 1)
	go func() { ended <- Serve(app, settings) }()
	base := fmt.Sprintf("http://127.0.0.1:%d", settings.Port)
	read(t, base+"/health/live")
	metrics := read(t, fmt.Sprintf("http://127.0.0.1:%d/metrics", settings.MetricsPort))
	if !strings.Contains(metrics, "# TYPE http_requests_total counter") {
		t.Error("no metrics")
	}
	answered := make(chan string, 1)
	go func() { answered <- read(t, base+"/slow") }()
	<-begun

	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}

	expect(t, <-answered, `"finished"`+"\n")
	expect(t, <-ended, nil)
}

func TestAPortThatIsTakenIsAnError(t *testing.T) {
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().(*net.TCPAddr).Port

	err = Serve(newApp(Settings{}), Settings{Port: taken, MetricsPort: freePort(t)})

	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}
