-- Ends a node's lease of its own will; what it still holds is settled at that.
--
-- KEYS: the node. ARGV: base, generation, now, node.

if is_stale() then return 0 end
end_node(ARGV[4])
return 1
