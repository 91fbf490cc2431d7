-- The chats: what each is sent, as Flagger sends it, and what becomes of its answer.
local sluice = require 'sluice'
local json = require 'cjson'

local FIELDS = sluice.list {
  { name = 'Target', value = 'Deployment/podinfo.test' },
  { name = 'Traffic routing', value = 'A/B Testing' },
}

local function ask_of(more)
  local ask = {
    name = 'podinfo',
    namespace = 'test',
    message = 'New revision detected, progressing canary analysis.',
    severity = 'info',
    fields = FIELDS,
    address = 'https://hooks.chat.test/services/T0/secret',
    username = 'flagger',
    channel = 'general',
  }
  for name, value in pairs(more or {}) do
    ask[name] = value
  end
  return ask
end

local function send(chat, more, response)
  return sluice.ask {
    name = 'alerts.' .. chat,
    ask = ask_of(more),
    responses = sluice.list { response or { status = 200, body = 'ok' } },
  }
end

--- The one request, its body as a value.
local function sent(chat, more)
  local said = send(chat, more)
  assert.same({}, said.answer)
  assert.equal(1, #said.requests)
  local request = said.requests[1]
  assert.equal('POST', request.method)
  assert.equal('application/json', request.headers['Content-Type'])
  assert.equal(5000, request.timeout_ms)
  return json.decode(request.body), request
end

local function slacks_form(colour)
  return {
    channel = 'general',
    username = 'flagger',
    icon_url = '',
    icon_emoji = ':rocket:',
    attachments = {
      {
        color = colour,
        author_name = 'podinfo.test',
        text = 'New revision detected, progressing canary analysis.',
        mrkdwn_in = { 'text' },
        fields = {
          { title = 'Target', value = 'Deployment/podinfo.test', short = false },
          { title = 'Traffic routing', value = 'A/B Testing', short = false },
        },
      },
    },
  }
end

local CHATS = { 'slack', 'discord', 'rocket', 'msteams', 'gchat' }

describe('the payload', function()
  it('is Slack\'s form for slack, discord and rocket, red for errors alone', function()
    for chat, colours in pairs { slack = { 'good', 'danger' }, discord = { 'good', 'danger' },
      rocket = { '#0076D7', '#FF0000' } } do
      assert.same(slacks_form(colours[1]), (sent(chat)), chat)
      assert.same(slacks_form(colours[1]), (sent(chat, { severity = 'warn' })), chat)
      assert.same(slacks_form(colours[2]), (sent(chat, { severity = 'error' })), chat)
    end
  end)

  it('is a MessageCard for msteams', function()
    local card = {
      ['@type'] = 'MessageCard',
      ['@context'] = 'http://schema.org/extensions',
      themeColor = '0076D7',
      summary = 'podinfo.test',
      sections = {
        {
          activityTitle = 'New revision detected, progressing canary analysis.',
          activitySubtitle = 'podinfo.test',
          facts = {
            { name = 'Target', value = 'Deployment/podinfo.test' },
            { name = 'Traffic routing', value = 'A/B Testing' },
          },
        },
      },
    }
    assert.same(card, (sent 'msteams'))
    card.themeColor = 'FF0000'
    assert.same(card, (sent('msteams', { severity = 'error' })))
  end)

  it('is a card of sections for gchat', function()
    local function section(text)
      return { widgets = { { textParagraph = { text = text } } } }
    end
    assert.same({
      cards = {
        {
          header = {
            title = 'Flagger',
            subtitle = 'podinfo.test',
            imageUrl = 'https://flagger.app/favicon.png',
          },
          sections = {
            section '<font color=#848484><strong>New revision detected, progressing canary analysis.</strong></font>',
            section 'Target<br><font color=#848484><strong>Deployment/podinfo.test</strong></font>',
            section 'Traffic routing<br><font color=#848484><strong>A/B Testing</strong></font>',
          },
        },
      },
    }, (sent 'gchat'))
  end)

  it('has an empty list when there are no fields', function()
    local _, request = sent('slack', { fields = sluice.list {} })
    assert.matches('"fields":[]', request.body, 1, true)
    _, request = sent('msteams', { fields = sluice.list {} })
    assert.matches('"facts":[]', request.body, 1, true)
  end)

  it('carries any text', function()
    local text = 'a "quoted" <b> & \226\128\168 line\nend'
    assert.equal(text, sent('slack', { message = text }).attachments[1].text)
    assert.equal(text, sent('msteams', { message = text }).sections[1].activityTitle)
  end)
end)

describe('the request', function()
  it('has the token of slack alone', function()
    for _, chat in ipairs(CHATS) do
      local _, request = sent(chat, { token = 't' })
      assert.equal(chat == 'slack' and 'Bearer t' or nil, request.headers.Authorization, chat)
      _, request = sent(chat, { token = '' })
      assert.is_nil(request.headers.Authorization)
    end
  end)

  it('goes through the proxy', function()
    for _, chat in ipairs(CHATS) do
      local _, request = sent(chat, { proxy = 'http://proxy.test:3128' })
      assert.equal('http://proxy.test:3128', request.proxy, chat)
    end
    assert.matches('request.proxy', send('slack', { proxy = 'proxy.test:3128' }).error, 1, true)
  end)

  it('goes to Discord\'s path for Slack\'s form', function()
    for address, url in pairs {
      ['https://discord.test/api/webhooks/1/x'] = 'https://discord.test/api/webhooks/1/x/slack',
      ['https://discord.test/api/webhooks/1/x/'] = 'https://discord.test/api/webhooks/1/x/slack',
      ['https://discord.test/api/webhooks/1/x/slack'] = 'https://discord.test/api/webhooks/1/x/slack',
      ['https://discord.test/api//a/../x?thread_id=5'] = 'https://discord.test/api/x/slack?thread_id=5',
      ['https://discord.test'] = 'https://discord.test/slack',
      ['https://discord.test/a b'] = 'https://discord.test/a%20b/slack',
    } do
      local _, request = sent('discord', { address = address })
      assert.equal(url, request.url)
    end
  end)
end)

describe('an alert that cannot be sent', function()
  it('says why, and not the address', function()
    local names = { slack = 'Slack hook', discord = 'Discord hook', rocket = 'Rocket hook',
      msteams = 'MS Teams webhook', gchat = 'Google Chat webhook' }
    for chat, name in pairs(names) do
      for _, address in ipairs { 'secret', '', 'https://sec ret/a', 'https://a\nb' } do
        local said = send(chat, { address = address })
        assert.same({ unsendable = true, error = 'invalid ' .. name .. ' URL' }, said.answer)
        assert.same({}, said.requests)
      end
    end
  end)

  it('goes where nothing is asked, which is told as Go does', function()
    local words = 'postMessage failed: sending notification failed to send: Post "%s": %s'
    for address, told in pairs {
      ['ftp://chat.test/secret'] = words:format('ftp://chat.test', 'unsupported protocol scheme "ftp"'),
      ['/secret'] = words:format('', 'unsupported protocol scheme ""'),
      ['http:///secret'] = words:format('http://', 'http: no Host in request URL'),
    } do
      for _, chat in ipairs(CHATS) do
        local said = send(chat, { address = address })
        assert.same({ error = told }, said.answer)
        assert.same({}, said.requests)
      end
    end
  end)

  it('has a proxy that is none', function()
    for proxy, problem in pairs {
      ['127.0.0.1:3128'] = 'first path segment in URL cannot contain colon',
      ['http://a b'] = 'invalid character " " in host name',
      [':bad'] = 'missing protocol scheme',
    } do
      assert.same({ error = ("postMessage failed: unable to parse proxy URL '%s', error: parse \"%s\": %s")
        :format(proxy, proxy, problem) }, send('slack', { proxy = proxy }).answer)
    end
  end)

  it('lacks a user or a channel, where the chat has those', function()
    for chat, name in pairs { slack = 'Slack', discord = 'Discord', rocket = 'Rocket' } do
      assert.equal('empty ' .. name .. ' username', send(chat, { username = '' }).answer.error)
      assert.equal('empty ' .. name .. ' channel', send(chat, { channel = '' }).answer.error)
    end
    sent('msteams', { username = '', channel = '' })
  end)
end)

describe('the answer', function()
  it('is taken from 200 to 299', function()
    for _, chat in ipairs(CHATS) do
      assert.same({}, send(chat, nil, { status = 204, body = '' }).answer)
      assert.same({ error = 'postMessage failed: sending notification bad response 429: slow down' },
        send(chat, nil, { status = 429, body = 'slow down' }).answer)
      assert.same({ error = 'postMessage failed: sending notification bad response 302: ' },
        send(chat, nil, { status = 302, body = '' }).answer)
    end
  end)

  it('is shown from its beginning, in one line', function()
    local error = send('slack', nil, { status = 500, body = '<html>\n' .. ('x'):rep(5000) }).answer.error
    assert.is_true(#error < 400)
    assert.not_matches('\n', error)
  end)

  it('may not come, and then the log has the host alone', function()
    local error = send('slack', nil, { error = 'x', code = 'timeout' }).answer.error
    assert.matches('postMessage failed: sending notification failed to send: Post "https://hooks.chat.test"', error, 1,
      true)
    assert.not_matches('secret', error)
  end)
end)
