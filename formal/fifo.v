// A queue in block RAM that ends in a small one (hdl/stream/fifo.rs, `fifo`), spliced into the module.
//
//   push, item ─▶ [ items: `deep` rows ] ─▶ fetched ─▶ [ items_tail: `near` rows ] ─▶ head, valid ─▶ pop
//
// As in queue.v one item of the solver's choice is followed, through all three places.

  reg [LOG:0] held = 0;
  (* anyseq *) wire follow;
  reg followed = 0;
  reg [LOG:0] ahead;
  reg [7:0] value;
  reg [1:0] unseen = 0;

  wire fetch = items_filled & (used < TAIL_DEPTH - 2);
  wire [LOG-1:0] rows = items_written - items_read;
  wire [LOG:0] deep = {items_filled & rows == 0, rows};
  wire [4:0] near = used;
  wire [LOG:0] behind = ahead - near - items_fetching;
  wire [LOG-1:0] place = items_read + behind[LOG-1:0];
  wire [3:0] near_place = items_tail_read + ahead[3:0];

  always @(posedge clock) begin
    held <= held + push - pop;
    unseen <= (held != 0 & ~valid) ? unseen + 1 : 0;
    if (push & follow & ~followed) begin
      followed <= 1;
      value <= item;
      ahead <= held - pop;
    end else if (followed & pop) begin
      followed <= ahead != 0;
      ahead <= ahead - 1;
    end
  end

  // The sender counts to what the block RAM holds, the receiver looks.
  always @(*) begin
    assume (~reset);
    assume (~push | held < DEPTH | pop);
    assume (~pop | valid);
  end

  always @(*) begin
    order: assert (~followed | ahead != 0 | ~valid | head == value);
    valid_is_true: assert (~valid | held != 0);
    seen_after_three_clocks: assert (held == 0 | valid | unseen < 2);
    never_too_full: assert (held <= DEPTH & near < TAIL_DEPTH);

`ifdef INVARIANTS
    inv_after: assert (items_after == items_read + 1'b1 & items_tail_after == items_tail_read + 1'b1);
    inv_deep: assert (items_filled | rows == 0);
    inv_near: assert (valid == (near != 0) & near + items_fetching < TAIL_DEPTH);
    inv_held: assert (held == deep + items_fetching + near);
    inv_unseen: assert (unseen == 0 | items_fetching | valid);
    inv_ahead: assert (~followed | ahead < held);
    inv_value: assert (~followed | value ==
      (ahead < near ? items_tail[near_place] : ahead < near + items_fetching ? items_fetched : items[place]));
`endif
  end
