// Package fetch opens recordings by URL; start with [Open].
package fetch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// Limits of a download.
const (
	// MaxBody is the maximal size of a recording, in bytes as they come over the
	// network.
	MaxBody = 4 << 30
	// maxPage is the size, in bytes, of the part of a web page that is searched for
	// a recording.
	maxPage = 1 << 20
)

// ErrTooLarge is returned by a Read after [MaxBody] bytes.
var ErrTooLarge = errors.New("the recording is larger than 4 GiB")

// IsURL reports whether name is a URL for [Open] and not a file name.
func IsURL(name string) bool {
	scheme, _, ok := strings.Cut(name, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// client bounds every wait except that for the bytes of the body: the session
// may still be going on.
var client = &http.Client{
	Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		ForceAttemptHTTP2:     true,
	},
	CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) >= 10 {
			return errors.New("too many redirects")
		}
		if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
			return errors.New("redirected from https to " + req.URL.Scheme)
		}
		return nil
	},
}

// Open begins to download a recording and returns its bytes as they arrive. If
// rawURL is a web page, such as one of asciinema.org, Open downloads the
// recording that the page links to in a <link rel="alternate">, as asciinema's
// player does. The caller closes the body; the end of ctx ends the download.
// Errors name the URL.
func Open(ctx context.Context, rawURL string) (io.ReadCloser, error) {
	resp, err := get(ctx, rawURL)
	if err != nil {
		return nil, err
	}
	body := bufio.NewReader(resp.Body)
	if !isPage(resp, body) {
		return &limited{r: body, c: resp.Body, left: MaxBody}, nil
	}
	page, err := io.ReadAll(io.LimitReader(body, maxPage))
	resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", rawURL, err)
	}
	link, err := recordingOf(page, resp.Request.URL)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", rawURL, err)
	}
	if resp, err = get(ctx, link); err != nil {
		return nil, err
	}
	return &limited{r: resp.Body, c: resp.Body, left: MaxBody}, nil
}

func get(ctx context.Context, rawURL string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/x-asciicast, application/asciicast+json, text/html;q=0.9, */*;q=0.8")
	req.Header.Set("User-Agent", "ttydeck")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err // it names the method and the URL
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("get %s: %s", rawURL, resp.Status)
	}
	return resp, nil
}

// isPage reports whether the answer is a web page, by its content type or,
// because many servers send everything as text, by its beginning.
func isPage(resp *http.Response, body *bufio.Reader) bool {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind == "text/html" || kind == "application/xhtml+xml" {
		return true
	}
	if kind != "" && kind != "text/plain" {
		return false
	}
	start, _ := body.Peek(1)
	if len(start) == 0 || start[0] != '<' {
		return false
	}
	start, _ = body.Peek(15)
	start = bytes.ToLower(start)
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

// recordingOf returns the link to a recording in a page.
func recordingOf(page []byte, base *url.URL) (string, error) {
	z := html.NewTokenizer(bytes.NewReader(page))
	z.SetMaxBuf(maxPage)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return "", errors.New("the web page has no link to a recording (<link rel=\"alternate\" type=\"application/x-asciicast\">)")
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			attr := func(name string) string {
				for _, a := range tag.Attr {
					if a.Key == name {
						return a.Val
					}
				}
				return ""
			}
			href, err := url.Parse(strings.TrimSpace(attr("href")))
			if err != nil || href.String() == "" {
				continue
			}
			switch tag.Data {
			case "base":
				base = base.ResolveReference(href)
			case "link":
				kind, _, _ := mime.ParseMediaType(attr("type"))
				if (kind == "application/x-asciicast" || kind == "application/asciicast+json") && hasWord(attr("rel"), "alternate") {
					link := base.ResolveReference(href)
					if !IsURL(link.String()) || base.Scheme == "https" && link.Scheme != "https" {
						return "", fmt.Errorf("refused the web page's link to %q: want http or https, and https on an https page", link)
					}
					return link.String(), nil
				}
			}
		}
	}
}

func hasWord(list, word string) bool {
	for _, w := range strings.Fields(list) {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

// limited ends with ErrTooLarge after left bytes.
type limited struct {
	r    io.Reader
	c    io.Closer
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	return n, err
}

func (l *limited) Close() error { return l.c.Close() }
