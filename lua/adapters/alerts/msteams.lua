--- Microsoft Teams: an incoming webhook that takes a MessageCard.
local adapter = require 'stdlib.adapter'
local chat = require 'stdlib.chat'

local function card(ask)
  return {
    ['@type'] = 'MessageCard',
    ['@context'] = 'http://schema.org/extensions',
    themeColor = chat.colour(ask, '0076D7', 'FF0000'),
    summary = chat.canary(ask),
    sections = adapter.json.list {
      {
        activityTitle = ask.message,
        activitySubtitle = chat.canary(ask),
        facts = chat.fields(ask, function(name, value)
          return { name = name, value = value }
        end),
      },
    },
  }
end

return adapter {
  name = 'msteams',
  request = function(ask)
    return chat.problem(ask, 'MS Teams webhook') or chat.post(ask, card(ask))
  end,
  answer = chat.answer,
}
