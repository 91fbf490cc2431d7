#include "kube/shelf.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* An answer is at most 8 MiB long (io/http.h), so an object that came in one fits. */
enum { OBJECT_MAX = 16 * 1024 * 1024 };

struct warm_content {
    struct warm_content *newer, *older;
    struct content *content;
    size_t len;
    struct doc *parsed; /* NULL: its text alone is kept */
    size_t place;       /* among those that are kept parsed */
    char text[];
};

void shelf_init(struct shelf *shelf)
{
    *shelf = (struct shelf){0};
    pack_init(&shelf->pack);
}

void shelf_fini(struct shelf *shelf)
{
    assert(shelf->newest == NULL);
    pack_fini(&shelf->pack);
}

size_t shelf_size(const struct shelf *shelf)
{
    return shelf->packed_size + shelf->texts_size;
}

/* --- those in use, ordered by their last use --- */

static void link_newest(struct shelf *shelf, struct warm_content *warm)
{
    warm->newer = NULL;
    warm->older = shelf->newest;
    *(warm->older != NULL ? &warm->older->newer : &shelf->oldest) = warm;
    shelf->newest = warm;
}

static void unlink_warm(struct shelf *shelf, struct warm_content *warm)
{
    *(warm->newer != NULL ? &warm->newer->older : &shelf->newest) = warm->older;
    *(warm->older != NULL ? &warm->older->newer : &shelf->oldest) = warm->newer;
}

static void drop_parsed(struct shelf *shelf, struct warm_content *warm)
{
    if (warm->parsed != NULL) {
        shelf->parsed[warm->place] = NULL;
        doc_free(warm->parsed);
        warm->parsed = NULL;
    }
}

/* Takes the tree. */
static void keep_parsed(struct shelf *shelf, struct warm_content *warm, struct doc *parsed)
{
    struct content *before = shelf->parsed[shelf->next_parsed];
    if (before != NULL) {
        drop_parsed(shelf, before->warm);
    }
    warm->parsed = parsed;
    warm->place = shelf->next_parsed;
    shelf->parsed[warm->place] = warm->content;
    shelf->next_parsed = (shelf->next_parsed + 1) % SHELF_PARSED_MAX;
}

static void drop_warm(struct shelf *shelf, struct content *content)
{
    struct warm_content *warm = content->warm;
    if (warm != NULL) {
        drop_parsed(shelf, warm);
        unlink_warm(shelf, warm);
        shelf->texts_size -= warm->len;
        content->warm = NULL;
        mem_free(warm);
    }
}

static void pack(struct shelf *shelf, struct content *content, const char *text, size_t len)
{
    struct buf packed;
    buf_init(&packed, OBJECT_MAX);
    pack_write(&shelf->pack, text, len, &packed);
    content->packed = mem_resize(NULL, packed.len);
    memcpy(content->packed, buf_str(&packed), packed.len);
    content->packed_len = (uint32_t)packed.len;
    shelf->packed_size += packed.len;
    buf_fini(&packed);
}

static void put_aside(struct shelf *shelf, struct warm_content *warm)
{
    if (warm->content->packed == NULL) {
        pack(shelf, warm->content, warm->text, warm->len);
    }
    drop_warm(shelf, warm->content);
}

void shelf_cool(struct shelf *shelf)
{
    while (shelf->oldest != NULL) {
        put_aside(shelf, shelf->oldest);
    }
}

static struct warm_content *warm_up(struct shelf *shelf, struct content *content, const char *text, size_t len)
{
    struct warm_content *warm = mem_resize(NULL, sizeof *warm + len + 1);
    *warm = (struct warm_content){.content = content, .len = len};
    memcpy(warm->text, text, len + 1);
    content->warm = warm;
    link_newest(shelf, warm);
    shelf->texts_size += len;
    while (shelf->texts_size > SHELF_TEXTS_MAX && shelf->oldest != warm) {
        put_aside(shelf, shelf->oldest);
    }
    return warm;
}

/* --- one content --- */

bool content_is_empty(const struct content *content)
{
    return content->packed == NULL && content->warm == NULL;
}

static void drop_packed(struct shelf *shelf, struct content *content)
{
    shelf->packed_size -= content->packed_len;
    mem_free(content->packed);
    content->packed = NULL;
    content->packed_len = 0;
}

void content_clear(struct shelf *shelf, struct content *content)
{
    drop_warm(shelf, content);
    drop_packed(shelf, content);
}

void content_set(struct shelf *shelf, struct content *content, struct doc *object, bool is_read_soon)
{
    struct buf text;
    buf_init(&text, OBJECT_MAX);
    node_write(doc_root(object), &text);
    content_clear(shelf, content);
    if (is_read_soon) {
        keep_parsed(shelf, warm_up(shelf, content, buf_str(&text), text.len), object);
    } else {
        pack(shelf, content, buf_str(&text), text.len);
        doc_free(object);
    }
    buf_fini(&text);
}

static struct doc *parse(const char *text, size_t len)
{
    struct err err;
    struct doc *object = doc_parse(text, len, &err);
    assert(object != NULL); /* we wrote it */
    return object;
}

struct doc *content_read(struct shelf *shelf, struct content *content)
{
    struct warm_content *warm = content->warm;
    if (warm == NULL) {
        size_t len;
        char *text = pack_read(&shelf->pack, content->packed, content->packed_len, &len);
        warm = warm_up(shelf, content, text, len);
        mem_free(text);
    } else if (warm != shelf->newest) {
        unlink_warm(shelf, warm);
        link_newest(shelf, warm);
    }
    if (warm->parsed == NULL) {
        keep_parsed(shelf, warm, parse(warm->text, warm->len));
    }
    return doc_share(warm->parsed);
}

struct doc *content_read_once(const struct shelf *shelf, const struct content *content)
{
    const struct warm_content *warm = content->warm;
    if (warm != NULL) {
        return parse(warm->text, warm->len);
    }
    size_t len;
    char *text = pack_read(&shelf->pack, content->packed, content->packed_len, &len);
    struct doc *object = parse(text, len);
    mem_free(text);
    return object;
}
