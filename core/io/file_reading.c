#include "io/file_reading.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <uv.h>

#include "base/mem.h"
#include "base/str.h"

/* Owned by the loop and by the thread: the second of them to let go frees it. What was read is the thread's until it
 * has let go. */
struct file_reading {
    uv_async_t news;
    pthread_mutex_t lock;
    bool is_forgotten, has_one_owner; /* under the lock */
    file_read_fn *read;
    char *path;
    struct buf content;
    struct err err;
    file_reading_done_fn *done;
    void *ctx;
};

static void let_go(struct file_reading *r, bool sends_news)
{
    pthread_mutex_lock(&r->lock);
    bool is_last = r->has_one_owner;
    r->has_one_owner = true;
    if (sends_news && !r->is_forgotten) {
        uv_async_send(&r->news); /* under the lock, so that the loop does not close the handle meanwhile */
    }
    pthread_mutex_unlock(&r->lock);
    if (is_last) {
        pthread_mutex_destroy(&r->lock);
        buf_fini(&r->content);
        mem_free(r->path);
        mem_free(r);
    }
}

static void *read_in_thread(void *arg)
{
    struct file_reading *r = arg;
    struct err err = {0};
    if (!r->read(r->path, &r->content, &err)) {
        r->err = err;
    }
    let_go(r, true);
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    let_go(handle->data, false);
}

static void forget(struct file_reading *r)
{
    pthread_mutex_lock(&r->lock);
    r->is_forgotten = true;
    pthread_mutex_unlock(&r->lock);
    uv_close((uv_handle_t *)&r->news, on_closed);
}

static void on_news(uv_async_t *news)
{
    struct file_reading *r = news->data;
    file_reading_done_fn *done = r->done;
    void *ctx = r->ctx;
    struct buf content = r->content;
    struct err err = r->err;
    r->content = (struct buf){0};
    forget(r);
    done(ctx, &content, &err);
    buf_fini(&content);
}

/* Signals are for the thread of the loop. */
static int start_thread(struct file_reading *r)
{
    sigset_t all, before;
    pthread_t thread;
    pthread_attr_t attr;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, &attr, read_in_thread, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return rc;
}

struct file_reading *file_reading_start(struct loop *loop, const char *path, size_t size_max, file_read_fn *read,
                                        file_reading_done_fn *done, void *ctx)
{
    struct file_reading *r = mem_new(struct file_reading);
    r->path = str_dup(path);
    r->read = read;
    r->done = done;
    r->ctx = ctx;
    buf_init(&r->content, size_max);
    pthread_mutex_init(&r->lock, NULL);
    uv_async_init(loop_uv(loop), &r->news, on_news);
    r->news.data = r;
    int rc = start_thread(r);
    if (rc != 0) {
        err_set(&r->err, ERR_IO, "file %s: no thread to read it: %s", path, strerror(rc));
        let_go(r, true);
    }
    return r;
}

void file_reading_cancel(struct file_reading *reading)
{
    forget(reading);
}
