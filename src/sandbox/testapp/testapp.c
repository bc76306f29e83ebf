/*
 * The application in the sandbox's test images: a small HTTP/1.1 server with keep-alive, one thread per connection,
 * linked statically so that its image needs no base image and no registry.
 *
 * Behaviour, by environment (an empty value is the same as none):
 *   VERSION               text that "/" answers; also in the header X-Version          default "dev"
 *   PORT                  port to listen on                                            default 8080
 *   START_DELAY_MS        wait so long before the port is bound
 *   READY_DELAY_MS        /ready answers 503 for so long after the start
 *   HEALTH=fail           /ready and /healthz answer 500
 *   HEALTH_FAIL_AFTER_MS  the same, from so long after the start
 *   LATENCY_MS            every answer of "/" takes so long
 *   EXIT_CODE             print a line on stderr and exit with this code at once
 *   CRASH_AFTER_MS        exit with code 1 after so long
 *   ON_TERM=ignore        SIGTERM does nothing
 *   DRAIN_MS              on SIGTERM /ready answers 503, and the exit comes after so long
 *
 * Routes: / /ready /healthz /env/NAME /file/PATH /slow?ms=N /upload /events /socket
 * Commands: "testapp" serves; "testapp check [URLPATH]" asks the server in the same container, prints the status and
 * the body in one line, and exits with 0 when the status is 200, else 1; "testapp append PATH TEXT" adds a line to a file,
 * in which %NAME% alone stands for a variable; "testapp end CODE [TEXT]" says the text on stderr and exits with the code;
 * "testapp pause MS" ends well after so long.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX 16384
#define BODY_MAX 65536

static const char *version;
static char hostname[256];
static long long started_ms;
static volatile sig_atomic_t draining;

static const char *env_text(const char *name, const char *fallback) {
  const char *value = getenv(name);
  return value && *value ? value : fallback;
}

static long env_number(const char *name, long fallback) {
  const char *value = env_text(name, NULL);
  return value ? strtol(value, NULL, 10) : fallback;
}

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void sleep_ms(long ms) {
  struct timespec rest = {ms / 1000, (ms % 1000) * 1000000L};
  while (ms > 0 && nanosleep(&rest, &rest) == -1 && errno == EINTR) continue;
}

static int is_unhealthy(void) {
  if (strcmp(env_text("HEALTH", ""), "fail") == 0) return 1;
  long after = env_number("HEALTH_FAIL_AFTER_MS", -1);
  return after >= 0 && now_ms() - started_ms >= after;
}

static int is_warming_up(void) { return now_ms() - started_ms < env_number("READY_DELAY_MS", 0); }

static int write_all(int socket, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL);
    if (sent <= 0) return -1;
    bytes += sent;
    length -= (size_t)sent;
  }
  return 0;
}

#include "stream.h"

struct answer {
  int status;
  size_t length;
  char body[BODY_MAX];
};

static void answer_text(struct answer *answer, int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(answer->body, BODY_MAX, format, arguments);
  va_end(arguments);
  answer->status = status;
  answer->length = length < BODY_MAX ? (size_t)length : BODY_MAX - 1;
}

static void answer_health(struct answer *answer, const char *path, int ready) {
  if (is_unhealthy()) {
    answer_text(answer, 500, "unhealthy\n");
  } else if (ready && draining) {
    answer_text(answer, 503, "draining\n");
  } else if (ready && is_warming_up()) {
    answer_text(answer, 503, "warming up\n");
  } else {
    answer_text(answer, 200, "ok\n");
    return;
  }
  fprintf(stderr, "testapp %s answered %d on %s: %.*s\n", version, answer->status, path,
          (int)answer->length - 1, answer->body);
}

static void answer_file(struct answer *answer, const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    answer_text(answer, 404, "%s\n", strerror(errno));
    return;
  }
  answer->status = 200;
  answer->length = fread(answer->body, 1, BODY_MAX, file);
  fclose(file);
}

static void answer_path(struct answer *answer, const char *path) {
  if (strcmp(path, "/") == 0) {
    sleep_ms(env_number("LATENCY_MS", 0));
    answer_text(answer, 200, "%s", version);
  } else if (strcmp(path, "/ready") == 0) {
    answer_health(answer, path, 1);
  } else if (strcmp(path, "/healthz") == 0) {
    answer_health(answer, path, 0);
  } else if (strncmp(path, "/env/", 5) == 0) {
    const char *value = getenv(path + 5);
    answer_text(answer, value ? 200 : 404, "%s", value ? value : "not set\n");
  } else if (strncmp(path, "/file/", 6) == 0) {
    answer_file(answer, path + 5);
  } else if (strncmp(path, "/slow?ms=", 9) == 0) {
    sleep_ms(strtol(path + 9, NULL, 10));
    answer_text(answer, 200, "%s", version);
  } else if (strcmp(path, "/upload") == 0) {
    answer_text(answer, 200, "%s", version);
  } else {
    answer_text(answer, 404, "no such route\n");
  }
}

static const char *status_text(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 500: return "Internal Server Error";
    default: return "Service Unavailable";
  }
}

static int send_answer(int socket, const struct answer *answer, int head_only, int close_after) {
  char head[1024];
  int length = snprintf(head, sizeof head,
                        "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                        "X-Version: %.200s\r\nX-Host: %.200s\r\nConnection: %s\r\n\r\n",
                        answer->status, status_text(answer->status), answer->length, version,
                        hostname, close_after ? "close" : "keep-alive");
  if (write_all(socket, head, (size_t)length) != 0) return -1;
  return head_only ? 0 : write_all(socket, answer->body, answer->length);
}

/* Bytes of the first whole request head in the buffer, 0 when it is not whole yet. */
static size_t head_length(const char *buffer, size_t length) {
  const char *end = memmem(buffer, length, "\r\n\r\n", 4);
  return end ? (size_t)(end - buffer) + 4 : 0;
}

/* Bytes that follow a request head. What is sent in chunks is not read. */
static long long body_length(const char *head) {
  const char *field = strcasestr(head, "\r\ncontent-length:");
  long long length = field ? strtoll(field + 17, NULL, 10) : 0;
  return length > 0 ? length : 0;
}

/* Reads and drops so many bytes. Returns 0 when all of them came. */
static int drop_bytes(int socket, long long length) {
  char rest[16384];
  while (length > 0) {
    size_t most = length < (long long)sizeof rest ? (size_t)length : sizeof rest;
    ssize_t got = recv(socket, rest, most, 0);
    if (got <= 0) return -1;
    length -= got;
  }
  return 0;
}

/* Answers one request. Returns 0 when the connection stays open. */
static int serve_request(int socket, char *head, struct answer *answer) {
  char method[16], path[4096];
  if (sscanf(head, "%15s %4095s HTTP/", method, path) != 2) {
    answer_text(answer, 400, "not an HTTP request\n");
    send_answer(socket, answer, 0, 1);
    return -1;
  }
  if (strcmp(path, "/events") == 0) return stream_events(socket), -1;
  if (strcmp(path, "/socket") == 0) return stream_socket(socket, head), -1;
  int close_after = strcasestr(head, "\r\nconnection: close") != NULL || draining;
  answer_path(answer, path);
  int failed = send_answer(socket, answer, strcmp(method, "HEAD") == 0, close_after);
  return failed || close_after ? -1 : 0;
}

static void *serve_connection(void *argument) {
  int socket = (int)(long)argument;
  char *buffer = malloc(REQUEST_MAX + 1);
  struct answer *answer = malloc(sizeof *answer);
  size_t filled = 0;
  while (buffer && answer) {
    size_t head = head_length(buffer, filled);
    if (head == 0) {
      if (filled == REQUEST_MAX) break;
      ssize_t got = recv(socket, buffer + filled, REQUEST_MAX - filled, 0);
      if (got <= 0) break;
      filled += (size_t)got;
      continue;
    }
    buffer[head - 1] = '\0';
    long long body = body_length(buffer);
    size_t here = filled - head < (size_t)body ? filled - head : (size_t)body;
    if (drop_bytes(socket, body - (long long)here) != 0) break;
    if (serve_request(socket, buffer, answer) != 0) break;
    filled -= head + here;
    memmove(buffer, buffer + head + here, filled);
  }
  close(socket);
  free(buffer);
  free(answer);
  return NULL;
}

/*
 * As PID 1 a process gets SIGTERM only when it does not leave it at the default action, so this thread waits for it, and
 * for the moment of CRASH_AFTER_MS.
 */
static void *await_end(void *argument) {
  const sigset_t *ends = argument;
  long crash_after = env_number("CRASH_AFTER_MS", -1);
  struct timespec rest = {crash_after / 1000, (crash_after % 1000) * 1000000L};
  int got;
  do {
    got = crash_after >= 0 ? sigtimedwait(ends, NULL, &rest) : sigwaitinfo(ends, NULL);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    fprintf(stderr, "testapp %s crashes after %ld ms, as CRASH_AFTER_MS says\n", version, crash_after);
    _exit(1);
  }
  draining = 1;
  sleep_ms(env_number("DRAIN_MS", 0));
  _exit(0);
}

static int listen_on(int port) {
  int server = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int yes = 1, no = 0;
  if (server >= 0) {
    setsockopt(server, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (bind(server, (struct sockaddr *)&any, sizeof any) == 0 && listen(server, 1024) == 0) return server;
    close(server);
  }
  /* A kernel without IPv6. */
  server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (bind(server, (struct sockaddr *)&any, sizeof any) == 0 && listen(server, 1024) == 0) return server;
  return -1;
}

static int start_thread(void *(*run)(void *), void *argument) {
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 128 * 1024);
  int failed = pthread_create(&thread, &attributes, run, argument);
  pthread_attr_destroy(&attributes);
  return failed;
}

static int serve(void) {
  const char *exit_code = env_text("EXIT_CODE", NULL);
  if (exit_code) {
    fprintf(stderr, "testapp %s exits at once with %s, as EXIT_CODE says\n", version, exit_code);
    return atoi(exit_code);
  }
  static sigset_t ends;
  sigemptyset(&ends);
  if (strcmp(env_text("ON_TERM", ""), "ignore") == 0) {
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
  } else {
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
  }
  if (start_thread(await_end, &ends) != 0) return 70;
  sleep_ms(env_number("START_DELAY_MS", 0));
  int port = (int)env_number("PORT", 8080);
  int server = listen_on(port);
  if (server < 0) {
    fprintf(stderr, "testapp %s cannot listen on %d: %s\n", version, port, strerror(errno));
    return 71;
  }
  printf("testapp %s listening on %d\n", version, port);
  for (;;) {
    int connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0) continue;
    int yes = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (start_thread(serve_connection, (void *)(long)connection) != 0) close(connection);
  }
}

static int check(const char *path) {
  int port = (int)env_number("PORT", 8080);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int server = socket(AF_INET, SOCK_STREAM, 0);
  if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
    printf("cannot connect to port %d: %s\n", port, strerror(errno));
    return 1;
  }
  char buffer[4096];
  int length = snprintf(buffer, sizeof buffer, "GET %.2000s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
  write_all(server, buffer, (size_t)length);
  size_t filled = 0;
  ssize_t got;
  while (filled < sizeof buffer - 1 && (got = recv(server, buffer + filled, sizeof buffer - 1 - filled, 0)) > 0)
    filled += (size_t)got;
  buffer[filled] = '\0';
  int status = 0;
  sscanf(buffer, "HTTP/1.1 %d", &status);
  const char *body = strstr(buffer, "\r\n\r\n");
  body = body ? body + 4 : "";
  printf("%d %.*s\n", status, (int)strcspn(body, "\n"), body);
  return status == 200 ? 0 : 1;
}

static int append(const char *path, const char *text) {
  size_t length = strlen(text);
  char name[256];
  if (length > 2 && length < sizeof name && text[0] == '%' && text[length - 1] == '%') {
    snprintf(name, sizeof name, "%.*s", (int)length - 2, text + 1);
    text = env_text(name, "");
  }
  FILE *file = fopen(path, "a");
  if (!file || fprintf(file, "%s\n", text) < 0 || fclose(file) != 0) {
    fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
    return 1;
  }
  return 0;
}

static int end(const char *code, const char *text) {
  if (text) fprintf(stderr, "%s\n", text);
  return atoi(code);
}

int main(int count, char **arguments) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  version = env_text("VERSION", "dev");
  started_ms = now_ms();
  gethostname(hostname, sizeof hostname - 1);
  if (count >= 2 && strcmp(arguments[1], "check") == 0) return check(count >= 3 ? arguments[2] : "/healthz");
  if (count == 4 && strcmp(arguments[1], "append") == 0) return append(arguments[2], arguments[3]);
  if (count >= 3 && strcmp(arguments[1], "end") == 0) return end(arguments[2], count >= 4 ? arguments[3] : NULL);
  if (count == 3 && strcmp(arguments[1], "pause") == 0) return usleep((useconds_t)atol(arguments[2]) * 1000), 0;
  if (count >= 2) {
    fprintf(stderr, "testapp: unknown command \"%s\": use check, append, end, pause, or none\n", arguments[1]);
    return 64;
  }
  return serve();
}
