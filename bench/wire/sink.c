/* A mail server that takes every message and keeps none, faster than any client: what the benches send to.

   usage: sink PORT [DELAY_MS [CERTIFICATE KEY]]     DELAY_MS: each reply leaves so much later; with a certificate, TLS from the first octet

   It offers PIPELINING and CHUNKING. A client may send nothing behind its content but the next commands, which are
   short: so the final dot is looked for near the end of what arrived, and the content itself is never looked at. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (256 * 1024)
#define LOOK_BACK 1500
#define CONNECTIONS 1024

struct connection {
    int fd, in_content, is_open, is_tls_up;
    long chunk_left; /* octets of BDAT still to come */
    int is_last_chunk;
    char rest[2048]; /* the beginning of a command, or the end of the content */
    int rest_length;
    SSL *ssl;
};
struct late { double due; int fd; int generation; int length; char octets[512]; };

static struct connection connections[CONNECTIONS];
static int generations[CONNECTIONS];
static struct late *queue;
static long queue_head, queue_tail;
static const long QUEUE = 1 << 16;
static double delay;
static char buffer[CHUNK + 4096];

static double now(void) {
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return moment.tv_sec + moment.tv_nsec / 1e9;
}

static void leave(struct connection *c, const char *octets, int length) {
    if (c->ssl) SSL_write(c->ssl, octets, length);
    else if (send(c->fd, octets, length, MSG_NOSIGNAL) != length) perror("send");
}

static void reply(struct connection *c, const char *octets, int length) {
    if (!length) return;
    if (delay == 0) { leave(c, octets, length); return; }
    struct late *l = &queue[queue_tail++ % QUEUE];
    l->due = now() + delay; l->fd = c->fd; l->generation = generations[c->fd]; l->length = length;
    memcpy(l->octets, octets, length);
}

static void drop(struct connection *c, int epoll) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
    if (c->ssl) SSL_free(c->ssl);
    generations[c->fd]++;
    close(c->fd);
    memset(c, 0, sizeof *c);
}

#define ADD(text) do { memcpy(out + length, text, sizeof(text) - 1); length += sizeof(text) - 1; } while (0)

/* Takes all that arrived; gives 0 where the client said goodbye. */
static int take(struct connection *c, char *data, long size) {
    char out[8192];
    int length = 0, goes_on = 1;
    if (c->rest_length) {
        data -= c->rest_length;
        memcpy(data, c->rest, c->rest_length);
        size += c->rest_length;
        c->rest_length = 0;
    }
    while (size > 0 && goes_on) {
        if (c->chunk_left > 0) {
            long used = size < c->chunk_left ? size : c->chunk_left;
            data += used; size -= used; c->chunk_left -= used;
            if (c->chunk_left == 0) ADD("250 2.0.0 Ok\r\n");
        } else if (c->in_content) {
            long from = size > LOOK_BACK ? size - LOOK_BACK : 0;
            char *end = memmem(data + from, size - from, "\r\n.\r\n", 5);
            if (!end) {
                c->rest_length = size < 4 ? size : 4;
                memcpy(c->rest, data + size - c->rest_length, c->rest_length);
                break;
            }
            size -= end + 5 - data; data = end + 5;
            c->in_content = 0;
            ADD("250 2.0.0 Ok\r\n");
        } else {
            char *end = memchr(data, '\n', size);
            if (!end) {
                if (size > (long)sizeof c->rest) return 0;
                memcpy(c->rest, data, size); c->rest_length = size;
                break;
            }
            if (!strncasecmp(data, "MAIL", 4)) ADD("250 2.1.0 Ok\r\n");
            else if (!strncasecmp(data, "RCPT", 4)) ADD("250 2.1.5 Ok\r\n");
            else if (!strncasecmp(data, "DATA", 4)) { ADD("354 go\r\n"); c->in_content = 1; }
            else if (!strncasecmp(data, "BDAT", 4)) { c->chunk_left = atol(data + 5); }
            else if (!strncasecmp(data, "EHLO", 4)) ADD("250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-CHUNKING\r\n250 ENHANCEDSTATUSCODES\r\n");
            else if (!strncasecmp(data, "QUIT", 4)) { ADD("221 2.0.0 Bye\r\n"); goes_on = 0; }
            else ADD("250 Ok\r\n");
            size -= end + 1 - data; data = end + 1;
        }
    }
    reply(c, out, length);
    return goes_on;
}

int main(int count, char **arguments) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, epoll = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1]))};
    SSL_CTX *context = NULL;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    delay = count > 2 ? atof(arguments[2]) / 1000 : 0;
    if (count > 4) {
        context = SSL_CTX_new(TLS_server_method());
        if (SSL_CTX_use_certificate_chain_file(context, arguments[3]) != 1) return 2;
        if (SSL_CTX_use_PrivateKey_file(context, arguments[4], SSL_FILETYPE_PEM) != 1) return 2;
    }
    queue = calloc(QUEUE, sizeof *queue);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1000)) { perror("listen"); return 2; }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    puts("ready"); fflush(stdout);
    for (;;) {
        int wait = -1;
        if (queue_head < queue_tail) {
            wait = (int)((queue[queue_head % QUEUE].due - now()) * 1000);
            if (wait < 0) wait = 0;
        }
        int ready = epoll_wait(epoll, events, 256, wait);
        double moment = delay ? now() : 0;
        while (queue_head < queue_tail && queue[queue_head % QUEUE].due <= moment) {
            struct late *l = &queue[queue_head++ % QUEUE];
            if (connections[l->fd].is_open && generations[l->fd] == l->generation) leave(&connections[l->fd], l->octets, l->length);
        }
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                fd = accept(listener, NULL, NULL);
                if (fd < 0 || fd >= CONNECTIONS) { if (fd >= 0) close(fd); continue; }
                struct connection *c = &connections[fd];
                memset(c, 0, sizeof *c);
                c->fd = fd; c->is_open = 1;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                if (context) {
                    c->ssl = SSL_new(context);
                    SSL_set_fd(c->ssl, fd);
                    if (SSL_accept(c->ssl) != 1) { SSL_free(c->ssl); close(fd); memset(c, 0, sizeof *c); continue; }
                }
                reply(c, "220 sink ESMTP\r\n", 16);
                event.events = EPOLLIN; event.data.fd = fd;
                epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
                continue;
            }
            struct connection *c = &connections[fd];
            char *data = buffer + 4096; /* room before it for what was left over */
            do {
                long size = c->ssl ? SSL_read(c->ssl, data, CHUNK) : recv(fd, data, CHUNK, 0);
                if (size <= 0 || !take(c, data, size)) { drop(c, epoll); break; }
            } while (c->ssl && SSL_pending(c->ssl) > 0);
        }
    }
}
