#include "load/words.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct reader {
    const char *text, *at;
    struct words *words;
    struct buf word;
    bool in_word; /* '' is a word, too */
    size_t word_count;
    struct err *err;
};

/* --- what is refused --- */

static const char *trouble_of(char c)
{
    switch (c) {
    case ';':
    case '\n':
        return "a second command";
    case '&':
        return "a command in the background, or a second one";
    case '$':
    case '`':
        return "an expansion";
    case '<':
    case '>':
        return "a redirection";
    case '(':
    case ')':
        return "a subshell";
    case '#':
        return "a comment";
    default:
        return NULL;
    }
}

static bool refuse(struct reader *r, const char *trouble)
{
    char c = *r->at;
    char shown[2] = {c, '\0'};
    return err_set(r->err, ERR_INVALID,
                   "character %zu, %s: %s; no shell reads this command, so it has to be 'quoted' or left out",
                   (size_t)(r->at - r->text) + 1, c == '\n' ? "a new line" : shown, trouble);
}

/* --- words --- */

static bool end_word(struct reader *r)
{
    if (!r->in_word) {
        return true;
    }
    if (++r->word_count > WORDS_MAX) {
        return err_set(r->err, ERR_TOO_LARGE, "more than %d words", WORDS_MAX);
    }
    str_list_push(&r->words->programs[r->words->count - 1], buf_str(&r->word));
    buf_clear(&r->word);
    r->in_word = false;
    return true;
}

static bool end_program(struct reader *r)
{
    if (!end_word(r)) {
        return false;
    }
    if (r->words->programs[r->words->count - 1].count == 0) {
        return err_set(r->err, ERR_INVALID,
                       r->words->count == 1 && *r->at == '\0' ? "there is no command" : "| has no command beside it");
    }
    return true;
}

static bool begin_program(struct reader *r)
{
    if (r->at[1] == '|') {
        return refuse(r, "a second command");
    }
    if (!end_program(r)) {
        return false;
    }
    if (r->words->count == WORDS_PROGRAMS_MAX) {
        return err_set(r->err, ERR_TOO_LARGE, "more than %d programs", WORDS_PROGRAMS_MAX);
    }
    r->words->count++;
    return true;
}

static void take(struct reader *r, char c)
{
    buf_append_char(&r->word, c);
    r->in_word = true;
}

/* --- quotes; `at` stands on the first character and is left on the last --- */

static bool unended(struct reader *r, const char *begin)
{
    return err_set(r->err, ERR_INVALID, "character %zu, %c: this quote has no end", (size_t)(begin - r->text) + 1,
                   *begin);
}

static bool single_quoted(struct reader *r)
{
    const char *begin = r->at++, *end = strchr(r->at, '\'');
    if (end == NULL) {
        return unended(r, begin);
    }
    buf_append(&r->word, r->at, (size_t)(end - r->at));
    r->in_word = true;
    r->at = end;
    return true;
}

/* In double quotes a backslash quotes what has a meaning there, and stays before everything else. */
static bool double_quoted(struct reader *r)
{
    const char *begin = r->at;
    r->in_word = true;
    for (r->at++; *r->at != '"'; r->at++) {
        if (*r->at == '\0') {
            return unended(r, begin);
        }
        if (*r->at == '$' || *r->at == '`') {
            return refuse(r, trouble_of(*r->at));
        }
        bool quotes = r->at[0] == '\\' && r->at[1] != '\0' && strchr("$`\"\\\n", r->at[1]) != NULL;
        r->at += quotes ? 1 : 0;
        if (!quotes || *r->at != '\n') {
            take(r, *r->at);
        }
    }
    return true;
}

static bool backslash(struct reader *r)
{
    if (r->at[1] == '\0') {
        return err_set(r->err, ERR_INVALID, "a backslash at the end quotes nothing");
    }
    if (*++r->at != '\n') {
        take(r, *r->at);
    }
    return true;
}

static bool read_one(struct reader *r)
{
    switch (*r->at) {
    case '\'':
        return single_quoted(r);
    case '"':
        return double_quoted(r);
    case '\\':
        return backslash(r);
    case ' ':
    case '\t':
        return end_word(r);
    case '|':
        return begin_program(r);
    case '#':
        if (r->in_word) {
            take(r, '#');
            return true;
        }
        return refuse(r, trouble_of('#'));
    default:
        if (trouble_of(*r->at) != NULL) {
            return refuse(r, trouble_of(*r->at));
        }
        take(r, *r->at);
        return true;
    }
}

/* Lines that are empty around a command come from YAML's block texts. */
static size_t trimmed_len(const char *text)
{
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL && (len < 2 || text[len - 2] != '\\')) {
        len--;
    }
    return len;
}

bool words_split(const char *text, struct words *words, struct err *err)
{
    *words = (struct words){.count = 1};
    if (strlen(text) > WORDS_TEXT_MAX) {
        return err_set(err, ERR_TOO_LARGE, "a command of %zu bytes, at most %d wanted", strlen(text), WORDS_TEXT_MAX);
    }
    char *line = str_dup_n(text, trimmed_len(text));
    struct reader r = {.text = line, .at = line + strspn(line, " \t\r\n"), .words = words, .err = err};
    buf_init(&r.word, WORDS_TEXT_MAX);
    bool ok = true;
    for (; ok && *r.at != '\0'; r.at++) {
        ok = read_one(&r);
    }
    ok = ok && end_program(&r);
    buf_fini(&r.word);
    mem_free(line);
    return ok;
}

void words_fini(struct words *words)
{
    for (size_t i = 0; i < WORDS_PROGRAMS_MAX; i++) {
        str_list_fini(&words->programs[i]);
    }
    *words = (struct words){0};
}
