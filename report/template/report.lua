-- Numbers equations, figures and tables, and resolves references to them.
--
--   $$ … $$ {#eq:name}                 a numbered equation      @eq:name  → (1)
--   ![caption](x.svg){#fig:name .wide} a numbered figure        @fig:name → Figure 1
--   : caption {#tbl:name}              a numbered table         @tbl:name → Table 1
--
-- .wide lets a figure span both columns of the PDF. ::: row … ::: puts figures side by
-- side over both, each as wide as it says. A reference to nothing is an error.

local typst = FORMAT:match('typst') ~= nil
local names = {}
local counts = { eq = 0, fig = 0, tbl = 0 }
local words = { fig = 'Figure ', tbl = 'Table ' }

local function number(id, kind)
  counts[kind] = counts[kind] + 1
  if id ~= '' then
    if names[id] then error('two things are named ' .. id) end
    names[id] = counts[kind]
  end
  return counts[kind]
end

local function label(kind, n)
  return pandoc.Strong { pandoc.Str(words[kind] .. n .. '.') }
end

local function prefix(caption, kind, n)
  local first = caption.long[1]
  if first == nil then error(words[kind] .. n .. ' has no caption') end
  first.content:insert(1, pandoc.Space())
  first.content:insert(1, label(kind, n))
end

local function equation(para)
  local math = para.content[1]
  if not math or math.t ~= 'Math' or math.mathtype ~= 'DisplayMath' then return nil end
  local last = para.content[#para.content]
  local id = last.t == 'Str' and last.text:match('^{#(eq:[%w-]+)}[.,]?$')
  if not id then return nil end
  local n = number(id, 'eq')
  if typst then
    return {
      pandoc.RawBlock('typst', '#numbered("' .. n .. '")['),
      pandoc.Para { math },
      pandoc.RawBlock('typst', '] <' .. id .. '>'),
    }
  end
  return pandoc.Div(
    { pandoc.Div({ pandoc.Plain { math } }, pandoc.Attr('', { 'formula' })),
      pandoc.Div({ pandoc.Plain { pandoc.Str('(' .. n .. ')') } }, pandoc.Attr('', { 'number' })) },
    pandoc.Attr(id, { 'equation' }))
end

local function figure(fig)
  local image
  fig:walk { Image = function(i) image = i end }
  local id = fig.identifier
  prefix(fig.caption, 'fig', number(id, 'fig'))
  local wide = image.classes:includes('wide')
  -- On paper the height is fixed where the text says so, whatever shape the
  -- picture has: with other numbers of layers two pages stay two pages.
  local height = image.attributes.height
  image.attributes.height = nil
  if not typst then
    fig.classes = image.classes
    image.classes = {}
    fig.content = { pandoc.Div(fig.content, pandoc.Attr('', { 'picture' })) }
    return fig
  end
  local quoted = pandoc.utils.stringify(image.caption):gsub('\\', '\\\\'):gsub('"', '\\"')
  local width = image.attributes.width or '100%'
  local place = image.attributes.place or (wide and 'top' or 'none')
  local head = string.format('#figure(placement: %s, scope: "%s", image("%s", width: %s%s, alt: "%s"), caption: [',
    place, wide and 'parent' or 'column', image.src, width,
    height and ', height: ' .. height .. ', fit: "contain"' or '', quoted)
  return {
    pandoc.RawBlock('typst', head),
    pandoc.Plain(fig.caption.long[1].content),
    pandoc.RawBlock('typst', '])' .. (id ~= '' and ' <' .. id .. '>' or '')),
  }
end

-- A page on a screen has the figures of a row below each other.
local function row(div)
  if not typst or not div.classes:includes('row') then return nil end
  local blocks, widths = {}, {}
  div:walk { Figure = function(fig)
    fig = fig:walk { Image = function(image)
      table.insert(widths, image.attributes.width)
      image.attributes.width, image.attributes.place = '100%', 'none'
      image.classes = {}
      return image
    end }
    table.insert(blocks, pandoc.RawBlock('typst', '['))
    for _, block in ipairs(figure(fig)) do table.insert(blocks, block) end
    table.insert(blocks, pandoc.RawBlock('typst', '],'))
  end }
  table.insert(blocks, 1, pandoc.RawBlock('typst', '#place(top + center, float: true, scope: "parent", grid(columns: ('
    .. table.concat(widths, ', ') .. ',), column-gutter: 7mm, align: bottom,'))
  table.insert(blocks, pandoc.RawBlock('typst', '))'))
  return blocks, false
end

local function caption_of_table(tbl)
  prefix(tbl.caption, 'tbl', number(tbl.identifier, 'tbl'))
  return tbl
end

-- ::: small … ::: is set smaller; the page's style knows the class by itself.
local function small(div)
  if not typst or not div.classes:includes('small') then return nil end
  local blocks = div.content
  blocks:insert(1, pandoc.RawBlock('typst', '#small['))
  blocks:insert(pandoc.RawBlock('typst', ']'))
  return blocks
end

-- Typst would break a line inside 1.2 × 10⁻⁵.
local function power(math)
  if typst and math.mathtype == 'InlineMath' and math.text:find('\\times 10^', 1, true) then
    return { pandoc.RawInline('typst', '#box['), math, pandoc.RawInline('typst', ']') }
  end
end

local function reference(cite)
  local id = cite.citations[1].id
  local kind = id:match('^(%a+):')
  if not names[id] then error('a reference to ' .. id .. ', which does not exist') end
  local text = kind == 'eq' and '(' .. names[id] .. ')' or words[kind]:gsub(' ', '\u{a0}') .. names[id]
  return pandoc.Link({ pandoc.Str(text) }, '#' .. id, '', pandoc.Attr('', { 'reference' }))
end

return {
  { traverse = 'topdown', Para = equation, Figure = figure, Table = caption_of_table, Div = row },
  { Div = small, Math = power },
  { Cite = reference },
}
