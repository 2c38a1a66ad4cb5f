-- What the Markdown of a notebook brings onto its page: text, and links that lead to
-- other pages. No picture, since none lies beside the page: its text stands for it.
-- With outputs=true in the metadata, as of what a cell has printed, no link either.

local outputs = false

local function harmless(address)
	return address:match("^https?://") or address:match("^mailto:") or address:match("^#") or address:match("^[%w._-]+%.html$")
		or address:match("^[%w._-]+%.html#[%w_-]*$")
end

local function bare(element)
	element.attr = pandoc.Attr()
	return element
end

return {
	{ Meta = function(meta) outputs = meta.outputs == true or pandoc.utils.stringify(meta.outputs or "") == "true" end },
	{
		Image = function(image) return image.caption end,
		Link = function(link)
			if outputs or not harmless(link.target) then return link.content end
			return bare(link)
		end,
		CodeBlock = function(block)
			block.attr = pandoc.Attr("", block.classes)
			return block
		end,
		Code = bare,
		RawInline = function(raw) return pandoc.Code(raw.text) end,
		RawBlock = function(raw) return pandoc.CodeBlock(raw.text) end,
	},
}
