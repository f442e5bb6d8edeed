package service

import (
	"encoding/json"
	"net/http"
	"unicode/utf8"
)

const longestName = 80

// The service's own endpoints. Replace the greeting with what this service is for.
var endpoints = map[string]http.HandlerFunc{
	"GET /v1/greetings/{who}": greet,
}

func greet(w http.ResponseWriter, r *http.Request) {
	who := r.PathValue("who")
	if utf8.RuneCountInString(who) > longestName {
		answer(w, http.StatusBadRequest, map[string]string{"detail": "who is longer than 80 characters"})
		return
	}
	answer(w, http.StatusOK, map[string]string{"message": "Hello, " + who + "."})
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// a caller that is gone is nobody to tell
	_ = json.NewEncoder(w).Encode(body)
}
