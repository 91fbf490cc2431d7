#include "rollout/script_place.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

bool script_place_find(const char *text, struct script_place *place)
{
    static const char ending[] = ".lua:";
    const char *at = strstr(text, ending);
    while (at != NULL && !isdigit((unsigned char)at[strlen(ending)])) {
        at = strstr(at + 1, ending);
    }
    if (at == NULL) {
        return false;
    }
    const char *line = at + strlen(ending);
    char *rest;
    place->file = at;
    while (place->file > text && strchr(" :(", place->file[-1]) == NULL) {
        place->file--;
    }
    place->file_len = (size_t)(line - 1 - place->file);
    place->line = strtoul(line, &rest, 10);
    place->rest = rest;
    return true;
}

bool script_place_is_in(const struct script_place *place, const char *file)
{
    return strlen(file) == place->file_len && strncmp(file, place->file, place->file_len) == 0;
}

/* --- columns --- */

/* One line of a script, without its end. */
struct line {
    const char *text;
    size_t len;
};

/* "scripts/ring" of "scripts.ring", and the other way round. mem_free. */
static char *replaced(const char *text, char from, char to)
{
    char *copy = str_dup(text);
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at == from ? to : *at;
    }
    return copy;
}

/* {"scripts.ring": text}: that of "scripts/ring.lua". */
static const char *source_of(const struct script_place *place, const struct node *sources)
{
    char *path = str_dup_n(place->file, place->file_len - strlen(".lua"));
    char *module = replaced(path, '/', '.');
    const char *text = node_str(node_get(sources, module));
    str_free(&module);
    str_free(&path);
    return text;
}

static bool find_line(const char *text, size_t number, struct line *line)
{
    for (size_t i = 1; i < number && text != NULL; i++) {
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    *line = (struct line){text, text != NULL ? strcspn(text, "\n") : 0};
    return text != NULL && number > 0;
}

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Not in the middle of a name: `in` stands once in "in min". */
static bool is_whole(const struct line *line, const char *at, const char *token, size_t len)
{
    bool starts = at == line->text || !is_of_name(at[-1]) || !is_of_name(token[0]);
    bool ends = at + len == line->text + line->len || !is_of_name(at[len]) || !is_of_name(token[len - 1]);
    return starts && ends;
}

/* 0: it is not there, or more than once, so that nobody knows which one is meant. */
static size_t column_of_token(const struct line *line, const char *token, size_t len)
{
    size_t column = 0;
    for (const char *at = line->text; at + len <= line->text + line->len; at++) {
        if (memcmp(at, token, len) == 0 && is_whole(line, at, token, len)) {
            if (column > 0) {
                return 0;
            }
            column = (size_t)(at - line->text) + 1;
        }
    }
    return column;
}

/* What LuaJIT says of syntax ends in "near 'TOKEN'", of the end of a text in "near '<eof>'". */
static size_t column_of_fault(const struct line *line, const char *fault)
{
    static const char mark[] = " near '", end[] = "<eof>";
    const char *token = strstr(fault, mark);
    const char *after = token != NULL ? strrchr(token, '\'') : NULL;
    size_t column = 0;
    if (token != NULL && after > token + strlen(mark)) {
        token += strlen(mark);
        size_t len = (size_t)(after - token);
        bool is_end = len == strlen(end) && strncmp(token, end, len) == 0;
        column = is_end ? line->len + 1 : column_of_token(line, token, len);
    }
    if (column == 0) {
        size_t blanks = strspn(line->text, " \t");
        column = blanks < line->len ? blanks + 1 : 1;
    }
    return column;
}

char *script_place_with_column(const char *text, const struct node *sources)
{
    struct script_place place;
    struct line line;
    const char *source = script_place_find(text, &place) ? source_of(&place, sources) : NULL;
    if (source == NULL || !find_line(source, place.line, &line)) {
        return str_dup(text);
    }
    return str_format("%.*s:%zu%s", (int)(place.rest - text), text, column_of_fault(&line, place.rest), place.rest);
}

/* --- fields --- */

/* `name = `, and not `name == `. */
static bool is_field(const char *text, const char *at, size_t len)
{
    const char *after = at + len + strspn(at + len, " \t");
    return (at == text || !is_of_name(at[-1])) && after[0] == '=' && after[1] != '=';
}

char *script_place_of_field(const struct node *sources, const char *module, const char *name)
{
    const char *text = node_str_or(node_get(sources, module), "");
    const char *at = strstr(text, name);
    while (at != NULL && !is_field(text, at, strlen(name))) {
        at = strstr(at + 1, name);
    }
    if (at == NULL) {
        return str_dup("");
    }
    size_t line = 1;
    const char *begin = text;
    for (const char *end = text; (end = strchr(end, '\n')) != NULL && end < at; line++) {
        begin = ++end;
    }
    char *path = replaced(module, '.', '/');
    char *place = str_format("%s.lua:%zu:%zu: ", path, line, (size_t)(at - begin) + 1);
    str_free(&path);
    return place;
}
