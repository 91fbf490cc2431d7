--- What the adapters of chats share: what keeps an alert from being sent, Slack's form of it, which three chats take,
--- and what counts as taken. Payloads and texts are Flagger's (docs/alerts.md).
local adapter = require 'stdlib.adapter'

local M = {}

---@class AlertAsk: Ask
---@field address string of the webhook, which is secret: who knows it may write to the chat
---@field token string?
---@field proxy string?
---@field username string?
---@field channel string?
---@field name string of the Canary
---@field namespace string
---@field message string
---@field severity 'info'|'warn'|'error'
---@field fields { name: string, value: string }[]

--- Why a proxy is none, in the words of Go's url.Parse; nil: it is one. One of another scheme than http, https and
--- socks5 is told of when it is used.
local function proxy_problem(proxy)
  if proxy:find '%c' then
    return 'net/url: invalid control character in URL'
  elseif proxy:find '^:' then
    return 'missing protocol scheme'
  elseif not proxy:find '^%a[%w+.-]*:' and proxy:match('^[^/]*'):find(':', 1, true) then
    return 'first path segment in URL cannot contain colon'
  elseif (proxy:match '^%a[%w+.-]*://([^/?#]*)' or ''):find ' ' then
    return 'invalid character " " in host name'
  end
end

--- What keeps the alert from being sent; nil: nothing. The address is not in it.
---@param ask AlertAsk
---@param what string how the chat calls its webhook: 'Slack hook'
---@param chat string? that has channels and users: 'Slack'
---@return { unsendable: true?, error: string }?
function M.problem(ask, what, chat)
  local address, problem = ask.address, nil
  if address:find '%c' or not address:find '^%a[%w+.-]*:' and not address:find '^/'
    or (address:match '^%a[%w+.-]*://([^/?#]*)' or ''):find ' ' then
    problem = ('invalid %s URL'):format(what)
  elseif chat and (ask.username or '') == '' then
    problem = ('empty %s username'):format(chat)
  elseif chat and (ask.channel or '') == '' then
    problem = ('empty %s channel'):format(chat)
  end
  if problem then
    return { unsendable = true, error = problem }
  end
  local proxy = (ask.proxy or '') ~= '' and proxy_problem(ask.proxy)
  if proxy then
    local words = "postMessage failed: unable to parse proxy URL '%s', error: parse \"%s\": %s"
    local text = adapter.line(ask.proxy, 256)
    return { error = words:format(text, text, proxy) }
  end
end

--- 'podinfo.test'
---@param ask AlertAsk
function M.canary(ask)
  return ask.name .. '.' .. ask.namespace
end

--- One of two colours.
---@param ask AlertAsk
function M.colour(ask, good, bad)
  return ask.severity == 'error' and bad or good
end

--- The fields, each as `make` has it.
---@param ask AlertAsk
---@param make fun(name: string, value: string): table
---@return table list
function M.fields(ask, make)
  local list = adapter.json.list {}
  for i, field in ipairs(ask.fields) do
    list[i] = make(field.name, field.value)
  end
  return list
end

--- Slack's form.
---@param ask AlertAsk
---@param colour string
function M.attachment(ask, colour)
  return {
    channel = ask.channel,
    username = ask.username,
    icon_url = '',
    icon_emoji = ':rocket:',
    attachments = adapter.json.list {
      {
        color = colour,
        author_name = M.canary(ask),
        text = ask.message,
        mrkdwn_in = adapter.json.list { 'text' },
        fields = M.fields(ask, function(name, value)
          return { title = name, value = value, short = false }
        end),
      },
    },
  }
end

--- The request that sends it.
---@param ask AlertAsk
---@param payload table
---@param more { url: string?, token: string? }?
---@return AdapterRequest
function M.post(ask, payload, more)
  local headers = { ['Content-Type'] = 'application/json' }
  if more and (more.token or '') ~= '' then
    headers.Authorization = 'Bearer ' .. more.token
  end
  return {
    method = 'POST',
    url = (more and more.url or ask.address):gsub(' ', '%%20'),
    headers = headers,
    body = adapter.json.encode(payload),
    proxy = ask.proxy,
    secret_url = true,
  }
end

--- Taken, or why not. `answer` of every chat.
---@param response AdapterResponse
function M.answer(_, response)
  if response.error then
    return { error = 'postMessage failed: sending notification failed to send: ' .. response.error }
  elseif response.status < 200 or response.status > 299 then
    return {
      error = ('postMessage failed: sending notification bad response %d: %s'):format(response.status,
        adapter.line(response.body, 256)),
    }
  end
  return {}
end

return M
