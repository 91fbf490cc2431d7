--- Slack: an incoming webhook, or chat.postMessage with a bot's token.
local adapter = require 'stdlib.adapter'
local chat = require 'stdlib.chat'

return adapter {
  name = 'slack',
  request = function(ask)
    return chat.problem(ask, 'Slack hook', 'Slack')
      or chat.post(ask, chat.attachment(ask, chat.colour(ask, 'good', 'danger')), { token = ask.token })
  end,
  answer = chat.answer,
}
