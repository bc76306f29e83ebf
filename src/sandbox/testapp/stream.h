/*
 * Answers that do not end by themselves: server-sent events, and messages over a WebSocket (RFC 6455). Both say the version
 * every 100 ms until the other side goes, or the process ends.
 */
#define BEAT_MS 100

static void stream_events(int socket) {
  const char *head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
  char event[256];
  int length = snprintf(event, sizeof event, "data: %.200s\n\n", version);
  if (write_all(socket, head, strlen(head)) != 0) return;
  while (write_all(socket, event, (size_t)length) == 0) sleep_ms(BEAT_MS);
}

static uint32_t rotate_left(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

static void sha1_block(uint32_t state[5], const unsigned char *block) {
  uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int i = 0; i < 16; i++) {
    w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 | block[4 * i + 3];
  }
  for (int i = 16; i < 80; i++) w[i] = rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (int i = 0; i < 80; i++) {
    uint32_t mixed = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                     : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                     : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                              : (b ^ c ^ d) + 0xca62c1d6;
    uint32_t next = rotate_left(a, 5) + mixed + e + w[i];
    e = d, d = c, c = rotate_left(b, 30), b = a, a = next;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* Of at most 119 bytes: a key and the text that follows it are 60. */
static void sha1(const char *text, size_t length, unsigned char digest[20]) {
  unsigned char message[128] = {0};
  uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  size_t whole = length < 56 ? 64 : 128;
  memcpy(message, text, length);
  message[length] = 0x80;
  message[whole - 2] = (unsigned char)(length * 8 >> 8);
  message[whole - 1] = (unsigned char)(length * 8);
  for (size_t at = 0; at < whole; at += 64) sha1_block(state, message + at);
  for (int i = 0; i < 20; i++) digest[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}

/* 20 bytes are 28 characters. */
static void base64_of_digest(const unsigned char digest[20], char text[29]) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < 7; i++) {
    const unsigned char *from = digest + 3 * i;
    uint32_t bits = (uint32_t)from[0] << 16 | from[1] << 8 | (i < 6 ? from[2] : 0);
    for (int j = 0; j < 4; j++) text[4 * i + j] = digits[bits >> (18 - 6 * j) & 63];
  }
  text[27] = '=';
  text[28] = '\0';
}

/* Returns what the key of the handshake is answered with, or an empty text when there is none. */
static void accept_key(const char *head, char accept[29]) {
  static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  char text[25 + sizeof guid];
  unsigned char digest[20];
  const char *header = strcasestr(head, "\r\nsec-websocket-key:");
  accept[0] = '\0';
  if (!header || sscanf(strchr(header, ':') + 1, " %24s", text) != 1) return;
  strcat(text, guid);
  sha1(text, strlen(text), digest);
  base64_of_digest(digest, accept);
}

static void stream_socket(int socket, const char *head) {
  char accept[29], answer[256], message[130];
  accept_key(head, accept);
  if (accept[0] == '\0') return;
  int length = snprintf(answer, sizeof answer,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: %s\r\n\r\n",
                        accept);
  if (write_all(socket, answer, (size_t)length) != 0) return;
  message[0] = (char)0x81; /* one text, whole */
  message[1] = (char)snprintf(message + 2, sizeof message - 2, "%.125s", version);
  while (write_all(socket, message, 2 + (size_t)message[1]) == 0) sleep_ms(BEAT_MS);
}
